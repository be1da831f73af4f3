"""What jobs and the history server may do: IAM policies and roles in Kubernetes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from components.data.spark.settings import EVENTS, ZONE
from infra import iam
from infra.places import Place

_WRITE: Final = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
_TABLES: Final = ("glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable")
_SEES: Final = ("glue:GetDatabase", "glue:GetDatabases", "glue:GetTable", "glue:GetTables")
_CHANGE: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

TABLES: Final = "tables/"
"""Where the catalog's database has its tables, in the zone `curated`."""


def table_prefix(team: str) -> str:
    """What the names of a team's tables begin with: ``fraud__``.

    No team's prefix begins another's: a team's name has no underscore, and one that has two hyphens in a row,
    which would read as the prefix's own end, is written as a hash.
    """
    plain = team.replace("-", "_")
    if "--" in team:
        plain = f"t{hashlib.sha256(team.encode()).hexdigest()[:10]}"
    return f"{plain}__"


def of_jobs(
    place: Place, team: str, buckets: Mapping[str, str], key_arn: str, database: str, *, events: bool = True
) -> str:
    """What a team's jobs may do besides what the team may do with its own part of the lake.

    Jobs of all teams write their logs of events to one folder, since the history server looks into one only;
    in them are plans and settings, no data. Everybody may see which tables there are, and change their own.

    Names of objects may be listed anywhere in the lake: S3A asks for objects that are not there, and without
    this S3 answers "forbidden" rather than "not found":
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html#API_HeadObject_Permissions

    Args:
        place: Where the lake is.
        team: The team's name.
        buckets: Bucket names by zone.
        key_arn: The key that they are encrypted with.
        database: The catalog's database; empty where there is none.
        events: Whether jobs write logs of events.
    """
    own = [] if not events else [f"{place.bucket(buckets[ZONE])}/{EVENTS}*"]
    tables = [f"{place.bucket(buckets['curated'])}/{TABLES}{table_prefix(team)}*"] if database else []
    written = [*own, *tables]
    write = {"Sid": "Write", "Effect": "Allow", "Action": list(_WRITE), "Resource": written}
    return iam.document(
        _list(place, buckets.values()),
        *([write] if written else ()),
        *(_catalog(place, team, database) if database else ()),
        _key(place, key_arn),
    )


def of_history(place: Place, bucket: str, key_arn: str) -> str:
    """What the history server may do: read logs of events, and remove old ones."""
    return iam.document(
        _list(place, [bucket]),
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:DeleteObject"],
            "Resource": f"{place.bucket(bucket)}/{EVENTS}*",
        },
        _key(place, key_arn),
    )


def _list(place: Place, buckets: Iterable[str]) -> dict[str, Any]:
    return {
        "Sid": "Names",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": [place.bucket(one) for one in buckets],
    }


def _catalog(place: Place, team: str, database: str) -> Iterable[dict[str, Any]]:
    """https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html."""
    there = [place.arn("glue", "catalog"), place.arn("glue", f"database/{database}")]
    table = place.arn("glue", f"table/{database}")
    yield {"Sid": "See", "Effect": "Allow", "Action": list(_SEES), "Resource": [*there, f"{table}/*"]}
    yield {
        "Sid": "Tables",
        "Effect": "Allow",
        "Action": list(_TABLES),
        "Resource": [*there, f"{table}/{table_prefix(team)}*"],
    }


def _key(place: Place, key_arn: str) -> dict[str, Any]:
    return {
        "Sid": "Key",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": key_arn,
        "Condition": {"StringEquals": {"kms:ViaService": f"s3.{place.region}.{place.dns_suffix}"}},
    }


def driver_rules() -> list[dict[str, Any]]:
    """What a driver may do in its namespace: make executors, and what they need.

    https://spark.apache.org/docs/4.0.4/running-on-kubernetes.html#rbac
    """
    made = ["pods", "services", "configmaps", "persistentvolumeclaims"]
    return [{"apiGroups": [""], "resources": made, "verbs": list(_CHANGE)}]


def member_rules() -> list[dict[str, Any]]:
    """What members of a team may do in its namespaces: hand in jobs, and see how they do."""
    group = "sparkoperator.k8s.io"
    jobs = ["sparkapplications", "scheduledsparkapplications"]
    return [
        {"apiGroups": [group], "resources": jobs, "verbs": list(_CHANGE)},
        {
            "apiGroups": [group],
            "resources": [f"{one}/status" for one in jobs],
            "verbs": ["get", "list", "watch"],
        },
    ]
