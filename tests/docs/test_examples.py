"""What the pages show works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from infra.environment import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def environment_files() -> list[tuple[str, str]]:
    blocks = [(page.name, block) for page in PAGES for block in FENCED.findall(page.read_text())]
    return [(name, block) for name, block in blocks if "config:" in block]


def test_there_are_environment_files_to_try() -> None:
    assert {name for name, _ in environment_files()} >= {"README.md", "keep-data.md"}


@pytest.mark.parametrize(("page", "text"), environment_files())
def test_an_environment_file_in_a_page_is_valid(page: str, text: str) -> None:
    assert parse("lab", yaml.safe_load(text)["config"], ROOT / "stacks").owner == "ml-platform"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = [page.parent / target for target in LINK.findall(page.read_text())]
    assert [str(target) for target in targets if not target.exists()] == []
