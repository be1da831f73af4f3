from pathlib import Path

import pytest

from infra.environment import find, load, parse
from infra.environment.loading import REGION, SECTION
from infra.problems import BadInput
from tests.infra.environment.samples import ROOT, SMALL, problems_of

GOOD = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text()


def line_of(word: str) -> int:
    """The line of the file, counted from 1, that a word first stands in."""
    return next(number for number, line in enumerate(GOOD.splitlines(), 1) if word in line)


def said_of(folder: Path, text: str | bytes, name: str = "Pulumi.dev.yaml") -> list[str]:
    """What is said of a file, without the folder."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        load(path)
    except BadInput as bad:
        return [str(problem).removeprefix(f"{folder}/") for problem in bad.problems]
    return []


def test_a_file_is_what_it_configures(tmp_path: Path) -> None:
    assert said_of(tmp_path, GOOD) == []
    assert load(tmp_path / "Pulumi.dev.yaml") == load(find("dev", ROOT))


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert said_of(tmp_path, "\ufeff" + GOOD) == []


def test_what_pulumi_writes_into_a_file_does_no_harm(tmp_path: Path) -> None:
    assert said_of(tmp_path, GOOD + "encryptionsalt: v1:abc:v1:def\nsecretsprovider: passphrase\n") == []
    assert said_of(tmp_path, GOOD.replace("config:", "config:\n  pulumi:autonaming: {mode: verbatim}")) == []


def test_problems_have_the_line(tmp_path: Path) -> None:
    text = GOOD.replace("min: 2, max: 4", "min: 2, max: 1").replace("us-east-1", "us-east-9")
    region, most = said_of(tmp_path, text)
    assert region.startswith(
        "Pulumi.dev.yaml:4: aws:region: us-east-9 is not a known region; did you mean us-east-2"
    )
    line = line_of("system:")
    assert most == f"Pulumi.dev.yaml:{line}: pools.system.max: 1 is below min 2; write a max of at least 2"


def test_a_missing_key_has_the_line_of_its_section(tmp_path: Path) -> None:
    missing = "teams.fraud.cpu: is missing; write it: vCPUs that it may use at once"
    assert said_of(tmp_path, GOOD.replace("gpus: 2, cpu: 6,", "", 1)) == [
        f"Pulumi.dev.yaml:{line_of('fraud:')}: {missing}"
    ]


def test_two_teams_with_one_name(tmp_path: Path) -> None:
    line = line_of("fraud:")
    twice = f"is written twice, in lines {line} and {line + 1}; rename one, or remove it"
    assert said_of(tmp_path, GOOD.replace("search:", "fraud:")) == [
        f"Pulumi.dev.yaml:{line}: teams.fraud: {twice}"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1: is empty; write config: with the environment below it"),
        ("# nothing\n", "1: is empty; write config: with the environment below it"),
        ("just text", "1: just text is not a mapping; write config: with the environment below it"),
        ("[1, 2]", "1: [1, 2] is not a mapping; write config: with the environment below it"),
        (
            "encryptionsalt: x",
            "1: config: is missing; write aws:region and mlcluster:environment below it",
        ),
        ("config:", "1: config: is missing; write aws:region and mlcluster:environment below it"),
        ("config: 3", "1: config: 3 is not a mapping; write aws:region and mlcluster:environment below it"),
        ("config: {}", "1: mlcluster:environment: is missing; write the environment's sections below it"),
        (
            "config:\n  mlcluster:environment: 3",
            "2: mlcluster:environment: 3 is not a mapping; write the environment's",
        ),
        (
            "config:\n  mlcluster:environment: {secure: abc}",
            "2: mlcluster:environment: is encrypted; write it in plain text; an environment holds no secrets",
        ),
        (
            "config: {a: b",
            "1:14: is not YAML: while parsing a flow mapping expected ',' or '}', but got '<stream end>'",
        ),
        (
            "a:\n\tb: 1",
            "2:1: is not YAML: while scanning for the next token found character '\\t' that cannot start",
        ),
        (
            "config: {}\n---\nconfig: {}",
            "2:1: is not YAML: expected a single document in the stream but found another",
        ),
        (
            "config: *x",
            "1:9: is not YAML: found undefined alias 'x'; check indentation, colons, quotes and brackets",
        ),
        ("a\x00b", "1:2: has a character that YAML does not allow (U+0000); write plain text"),
        (b"\xff\xfe\x00", " is not UTF-8 text, at byte 0; save it as UTF-8"),
        ("[" * 5000, "1:1: is nested too deeply; see mlcluster schema"),
    ],
)
def test_files_that_are_no_environments(tmp_path: Path, text: str | bytes, said: str) -> None:
    problems = said_of(tmp_path, text)
    assert len(problems) == 1, problems
    assert problems[0].startswith(f"Pulumi.dev.yaml:{said}")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "owner: ml-platform",
            "owner: on",
            '6: owner: on means different things to different YAML tools; write "on", in',
        ),
        ("owner: ml-platform", "owner: 2026-01-01", "6: owner: 2026-01-01 means different things"),
        ('"111122223333"', "012345678901", "7: account: 012345678901 means different things"),
        ('"111122223333"', "111122223333", "7: account: 111122223333 is not text; write text; numbers"),
        ("max: 4", "max: 0x4", "14: pools.system.max: 0x4 means different things to different YAML tools"),
        ("max: 4", "max: 1_0", "14: pools.system.max: 1_0 means different things"),
        ("max: 4", "max: 010", "14: pools.system.max: 010 means different things"),
        ("max: 4", "max: .5", "14: pools.system.max: .5 means different things"),
        (
            "203.0.113.0/24",
            "203.0.113.0",
            "11: cluster.api_access[0]: 203.0.113.0 is not a range of IPv4 addresses",
        ),
        ("max: 4", "max: 1:30", "14: pools.system.max: 1:30 means different things"),
        (
            "max: 4",
            "max: !!int 4",
            '14: pools.system.max: "4" has the tag tag:yaml.org,2002:int; write the plain value',
        ),
        (
            "owner: ml-platform",
            "1: 2",
            "5: mlcluster:environment: has a key that is not text, in line 6",
        ),
        (
            "owner: ml-platform",
            "owner: {secure: abc}",
            "6: owner: is encrypted; write it in plain text; an environment",
        ),
        ("aws:region", "aws:regoin", "4: aws:regoin: is not a key that is read; did you mean aws:region?"),
        ("config:", "confg: 1\nconfig:", "3: confg: is not a key of a stack's file; did you mean config?"),
        (
            "owner: ml-platform",
            "name: x",
            "6: name: x does not belong here; the file's own name tells it: Pulumi.<name>",
        ),
        (
            "owner: ml-platform",
            "region: x",
            "6: region: x does not belong here; write aws:region under config",
        ),
    ],
)
def test_values_that_are_read_differently_elsewhere(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    problems = said_of(tmp_path, GOOD.replace(old, new, 1))
    assert any(problem.startswith(f"Pulumi.dev.yaml:{said}") for problem in problems), problems


def test_aliases_are_refused_and_not_followed(tmp_path: Path) -> None:
    bomb = "config:\n  a: &a [x, x]\n  b: &b [*a, *a]\n  c: &c [*b, *b]\n"
    problems = said_of(tmp_path, bomb)
    assert "Pulumi.dev.yaml:3: b[0]: is an alias of another value; write the value out" in problems


def test_a_file_within_itself(tmp_path: Path) -> None:
    problems = said_of(tmp_path, "config: &a\n  mlcluster:environment: *a\n")
    assert problems[0].startswith("Pulumi.dev.yaml:2: mlcluster:environment: is an alias of another value")


def test_another_name_is_refused(tmp_path: Path) -> None:
    assert said_of(tmp_path, GOOD, "dev.yaml") == [
        "dev.yaml: is not named as an environment's file; name it Pulumi.<environment>.yaml"
    ]


def test_the_environments_name_is_the_files(tmp_path: Path) -> None:
    assert said_of(tmp_path, GOOD, "Pulumi.My_Env.yaml")[0].startswith(
        "Pulumi.My_Env.yaml:5: name: My_Env is not a name for an environment; write small letters"
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file or directory; write the path"):
        load(tmp_path / "Pulumi.dev.yaml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    with pytest.raises(BadInput, match="is a directory; write the path"):
        load(tmp_path / "Pulumi.dev.yaml")


@pytest.mark.parametrize("config", [None, 3, "x", [], {1: 2, SECTION: SMALL, REGION: "us-east-1"}])
def test_configurations_that_are_none(config: object) -> None:
    with pytest.raises(BadInput):
        parse("dev", config)  # type: ignore[arg-type]


def test_a_key_may_have_the_name_of_a_field() -> None:
    instances, key = problems_of({"pools.repair": {"sprt": "5%"}})[:2]
    assert instances.startswith("pools.repair.instances: is missing; write it: EC2 instance types")
    assert key.startswith("pools.repair.sprt: is not a key that is known here")
