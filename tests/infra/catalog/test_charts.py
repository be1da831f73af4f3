"""The pinned charts, against the projects that they are from."""

from pathlib import Path

import pytest

from infra.catalog import kinds
from infra.catalog.charts import chart, charts
from infra.problems import BadInput

INDEX = Path(__file__).parents[4] / "shared" / "upstream" / "INDEX.md"


@pytest.mark.parametrize("name", sorted(charts()))
def test_a_pin_says_all_there_is_to_say(name: str) -> None:
    pin = chart(name)
    assert pin.version[0].isdigit() or pin.version.startswith("v")
    assert pin.repository.startswith(("https://", "oci://"))
    assert pin.docs.startswith("https://")
    assert pin.licence in {"Apache-2.0", "MIT", "BSD-3-Clause"}


@pytest.mark.parametrize("name", sorted(charts()))
def test_the_catalog_knows_the_kinds_of_every_chart(name: str) -> None:
    assert name in kinds.charts()


def test_an_unknown_chart_gets_a_hint() -> None:
    with pytest.raises(BadInput, match="did you mean karpenter"):
        chart("karpentr")


@pytest.mark.skipif(
    not INDEX.is_file(), reason="the pins' source, ../shared/upstream, is not beside the checkout"
)
def test_versions_and_repositories_are_those_that_were_looked_up() -> None:
    index = INDEX.read_text("utf-8")
    for pin in charts().values():
        if f"`{pin.name}`" in index:
            assert pin.repository.removeprefix("oci://") in index
            assert pin.version.removeprefix("v") in index
