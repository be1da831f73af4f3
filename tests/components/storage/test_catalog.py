"""The catalog of tables."""

from components.storage.catalog import LakeCatalog, LakeCatalogArgs
from infra.environment.storage.catalog import Catalog
from tests.components.support import SCOPE, Found, lake, record_component


def recorded(keep: str) -> Found:
    args = LakeCatalogArgs(scope=SCOPE, catalog=Catalog.model_validate({"keep": keep}), lake=lake())
    return record_component(lambda opts: LakeCatalog("catalog", args, opts))


def test_tables_lie_in_the_curated_zone() -> None:
    found = recorded("retain").one("CatalogDatabase")
    assert found.inputs["name"] == "mlcluster_test"
    assert found.inputs["locationUri"] == "s3://a-curated/tables/"
    assert found.inputs["tags"]["mlcluster:environment"] == "test"


def test_definitions_that_are_kept_are_protected_and_stay() -> None:
    kept, given_up = (recorded(keep).one("CatalogDatabase") for keep in ("retain", "destroy"))
    assert (kept.protect, kept.retain_on_delete) == (True, True)
    assert (given_up.protect, given_up.retain_on_delete) == (False, False)
