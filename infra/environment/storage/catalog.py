"""The catalog of tables."""

from __future__ import annotations

from typing import Literal

from infra.environment.section import Section


class Catalog(Section):
    """A database in the AWS Glue Data Catalog, whose tables lie in the lake's curated zone.

    One for an environment: teams have prefixes in it. Whether the catalog encrypts its metadata is a setting
    of the whole account, which is left alone.
    """

    keep: Literal["retain", "destroy"] = "retain"
    """What `down` does with the definitions of tables: `retain` leaves the database behind, `destroy` deletes
    it with all of them. The data is the lake's."""
