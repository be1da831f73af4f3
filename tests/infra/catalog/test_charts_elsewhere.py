"""Versions of charts stand in charts.yaml and nowhere else, where Renovate finds every one of them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from infra.catalog.charts import charts

ROOT = Path(__file__).parents[3]
CATALOG = ROOT / "infra" / "catalog" / "charts.yaml"
CODE = [
    file for folder in ("components", "stacks", "infra") for file in sorted((ROOT / folder).rglob("*.py"))
]
PINNED = re.compile(r"""(?x)
    \b(?:repository_opts|repositoryOpts)["']?\s*[=:]  # a repository of charts
  | \b(?:chart_version|targetRevision)\b
  | \bhelm\.v[34]\.                                 # a release that is not `Chart`
""")
ALONE = ROOT / "components" / "charts.py"


def test_no_code_installs_charts_by_itself() -> None:
    found = {
        str(file.relative_to(ROOT))
        for file in CODE
        if file != ALONE and PINNED.search(file.read_text("utf-8"))
    }
    assert found == set()


def test_the_one_place_is_seen_by_this_test() -> None:
    assert PINNED.search(ALONE.read_text("utf-8"))


def texts(file: Path) -> Iterator[str]:
    """Every text in a module's code; not its comments and docstrings, which cite sources."""
    tree = ast.parse(file.read_text("utf-8"))
    cited = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in cited:
            yield node.value


def test_no_code_says_the_version_of_a_chart() -> None:
    versions = {form for pin in charts().values() for form in (pin.version, f"v{pin.version}")}
    said = {f"{file.relative_to(ROOT)}: {text}" for file in CODE for text in texts(file) if text in versions}
    assert said == set()


def test_texts_are_found_and_docstrings_are_not(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""1.14.1"""\nVERSION = "1.14.1"\n"""1.29.6"""\n')
    assert list(texts(module)) == ["1.14.1"]


def test_renovate_finds_every_chart_at_its_version() -> None:
    managers = json.loads((ROOT / "renovate.json").read_text())["customManagers"]
    text, found = CATALOG.read_text(), {}
    for manager in managers:
        assert any(
            re.search(pattern.strip("/"), "infra/catalog/charts.yaml")
            for pattern in manager["managerFilePatterns"]
        )
        for pattern in manager["matchStrings"]:
            for match in re.finditer(pattern.replace("(?<", "(?P<"), text):
                facts = match.groupdict()
                found[facts["depName"].rpartition("/")[2]] = facts["currentValue"]
    assert found == {pin.name: pin.version for pin in charts().values()}


def test_renovate_looks_where_the_chart_is_from() -> None:
    markers = re.findall(r"\n  ([a-z0-9-]+):\n    # renovate: (.*)\n", CATALOG.read_text())
    assert {name for name, _ in markers} == set(charts())
    for name, marker in markers:
        pin = charts()[name]
        said = dict(part.split("=", 1) for part in marker.split())
        if pin.in_registry:
            assert said == {"datasource": "docker", "depName": pin.reference.removeprefix("oci://")}
        else:
            assert said == {"datasource": "helm", "registryUrl": pin.repository}
