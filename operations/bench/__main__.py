"""Measures everything and writes docs/benchmarks.md."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console

from infra.environment import project_root
from operations.bench import commands, control_plane, growth, teams
from operations.bench.page import Figures, page


def main() -> None:
    """Measures commands first, then the control plane at scale; takes some minutes."""
    tell = partial(Console().print, soft_wrap=True)
    root = project_root(Path.cwd())
    imports, plans = commands.imports(tell), commands.plans(tell)
    with tempfile.TemporaryDirectory() as folder:
        larger = commands.growth(growth.files(Path(folder)), tell)
    lives = commands.lives(tell)
    with tempfile.TemporaryDirectory() as folder:
        scale = control_plane.figures(root, Path(folder), tell)
    with tempfile.TemporaryDirectory() as folder:
        many = teams.figures(Path(folder), tell)
    target = root / "docs" / "benchmarks.md"
    target.write_text(page(Figures(imports, plans, larger, lives, scale, many)), encoding="utf-8")
    tell(f"wrote {target}")


if __name__ == "__main__":
    main()
