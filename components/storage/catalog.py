"""The catalog of the lake's tables."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra import naming
from infra.environment.storage.catalog import Catalog
from infra.handles import ObjectStore, TableCatalog
from infra.labels import Scope

_COMPONENT = "catalog"


@dataclass(frozen=True, kw_only=True)
class LakeCatalogArgs:
    """What a catalog needs."""

    scope: Scope
    catalog: Catalog
    lake: ObjectStore


class LakeCatalog(pulumi.ComponentResource):
    """A database in the Glue Data Catalog for an environment's tables, which lie in the curated zone.

    Glue deletes a database with all its tables, so with `keep: retain` it is protected, and stays when the
    stack goes.
    """

    handle: TableCatalog

    def __init__(self, name: str, args: LakeCatalogArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:LakeCatalog", name, {}, opts)
        retain = args.catalog.keep == "retain"
        location = args.lake.buckets["curated"].apply(lambda bucket: f"s3://{bucket}/tables/")
        database = aws.glue.CatalogDatabase(
            name,
            name=naming.database(args.scope.environment),
            description=f"The tables of {args.scope.environment}",
            location_uri=location,
            tags=args.scope.tags(_COMPONENT),
            opts=pulumi.ResourceOptions(parent=self, protect=retain, retain_on_delete=retain),
        )
        self.handle = TableCatalog(database=database.name)
        self.register_outputs({"database": database.name, "location": location})
