"""The program as Pulumi's own host runs it: from the stack's configuration, through `__main__`."""

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import set_all_config

from operations.recorder import Recording, record_program
from stacks import program
from tests.stacks.golden import FOLDER, recorded

STACKS = FOLDER.parents[1] / "stacks"


def configured(config: dict[str, Any], main: Any = program.main, stack: str = "dev") -> Recording:
    """Runs `main` with a stack's configuration as the engine hands it over: what is not text is JSON."""

    def run() -> None:
        set_all_config({key: one if isinstance(one, str) else json.dumps(one) for key, one in config.items()})
        main()

    return record_program(run, stack=stack)


def config_of(name: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((STACKS / f"Pulumi.{name}.yaml").read_text())["config"]
    return config


@pytest.mark.parametrize("name", ["dev", "prod-data"])
def test_plain_pulumi_runs_the_very_program_that_is_recorded(name: str) -> None:
    def host() -> None:
        runpy.run_path(str(STACKS), run_name="__main__")

    assert configured(config_of(name), host, name) == recorded(name)


def test_the_hosts_path_does_not_hide_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def main() -> None:
        import platform

        seen.append(platform)

    monkeypatch.setattr(program, "main", main)
    monkeypatch.delitem(sys.modules, "platform")
    monkeypatch.setattr(sys, "path", list(sys.path))
    configured({}, lambda: runpy.run_path(str(STACKS), run_name="__main__"))
    assert hasattr(seen[0], "python_version")


def test_a_mistake_in_the_configuration_is_told_without_a_traceback() -> None:
    config = config_of("dev")
    config["mlcluster:environment"]["pools"]["gpu"]["instances"] = ["g6.xlage"]
    with pytest.raises(pulumi.RunError) as caught:
        configured(config)
    assert "pools.gpu.instances[0]: g6.xlage" in str(caught.value)
    assert "did you mean" in str(caught.value)


def test_a_stack_without_configuration_says_what_is_missing() -> None:
    with pytest.raises(pulumi.RunError, match="mlcluster:environment"):
        configured({})


def test_main_is_as_short_as_it_should_be() -> None:
    assert len(Path(STACKS / "__main__.py").read_text().splitlines()) <= 20
