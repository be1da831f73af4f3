"""`mlcluster`: what people do with environments, on a command line.

Exit codes: 0 done, 1 failed, 2 bad input, 3 refused by a guard, 130 interrupted.
"""

from __future__ import annotations

import typer

from operations.cli import cataloguing, changing, mirroring, preflight, reading, state, twins

app = typer.Typer(
    name="mlcluster",
    help="Whole machine-learning clusters, from one file per environment: planned, rehearsed on a twin, "
    "spun up, and taken down again.\n\nExit codes: 0 done, 1 failed, 2 bad input, 3 refused by a guard, "
    "130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
for module in (reading, cataloguing, preflight, mirroring, state, changing):
    module.register(app)
app.add_typer(twins.app, name="twin")


def main() -> None:
    """Runs the command line."""
    app()
