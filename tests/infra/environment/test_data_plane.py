"""Mistakes in storage on the cluster's own disks, snapshots, backups and caches."""

from __future__ import annotations

from typing import Any

import pytest

from infra.problems import BadInput
from tests.infra.environment.samples import on_premises, problems_of, small

DATASET = {"team": "fraud", "size": "10GiB"}


def on_premises_problems(storage: dict[str, Any], **more: Any) -> list[str]:
    """What is said of an environment on an existing cluster with that storage."""
    try:
        on_premises({"storage": storage, **more})
    except BadInput as bad:
        return [str(problem) for problem in bad.problems]
    return []


ON_PREMISES: list[tuple[dict[str, Any], str]] = [
    (
        {"ceph": {"monitors": 4}},
        "storage.ceph.monitors: 4 is even: monitors decide by majority; write 3 or 5",
    ),
    ({"ceph": {"monitors": 11}}, "storage.ceph.monitors: 11"),
    ({"ceph": {"replicas": 0}}, "storage.ceph.replicas: 0"),
    ({"ceph": {"offers": []}}, "storage.ceph.offers"),
    ({"ceph": {"offers": ["block", "block"]}}, "storage.ceph.offers: "),
    ({"ceph": {"offers": ["files"]}}, "storage.ceph.offers[0]: files"),
    (
        {"ceph": {"devices": "/dev/sdb"}},
        "storage.ceph.devices: /dev/sdb has a path in it, and names of devices have none; leave out /dev/",
    ),
    (
        {"ceph": {"devices": "sd["}},
        "storage.ceph.devices: sd[ is not a regular expression; write one such as",
    ),
    ({"ceph": {"certificate": "Mine"}}, "storage.ceph.certificate: Mine is not the name of a Secret; write"),
    (
        {"ceph": {"wipe": True}},
        "storage.ceph.wipe: true wipes disks whose data is to stay; write keep: destroy too",
    ),
    (
        {"ceph": {"replicas": 1}},
        "storage.ceph.replicas: 1 is the only copy of data that is to stay (keep: retain); write at least 2",
    ),
    (
        {"ceph": {"spread": "osd"}},
        "storage.ceph.spread: osd lets copies lie on one node, and the data is to stay (keep: retain); write",
    ),
    (
        {"snapshots": {}},
        "storage.snapshots: has no kind of volume that can have snapshots; write storage.ceph, or",
    ),
    (
        {"snapshots": {}, "ceph": {"offers": ["objects"]}},
        "storage.snapshots: has no kind of volume that can have snapshots; write storage.ceph, or",
    ),
    (
        {"snapshots": {"drivers": ["Not A Driver"]}},
        "storage.snapshots.drivers[0]: Not A Driver is not the name of a CSI driver; write one that",
    ),
    (
        {"backup": {}, "ceph": {}},
        "storage.backup: takes volumes from snapshots, and there are none; write storage.snapshots: {}",
    ),
    (
        {"backup": {}, "snapshots": {}, "ceph": {"offers": ["block"]}},
        "storage.backup: has no lake to put backups in; write data, storage.lake, or on platform kubernetes",
    ),
    (
        {"backup": {"restore_from": ["prod"]}, "snapshots": {}, "ceph": {}},
        "storage.backup.restore_from[0]: prod has a lake of its own, as this environment has; write data",
    ),
    (
        {"cache": {"datasets": {"images": DATASET}}},
        "storage.cache: needs a lake on Ceph; write storage.ceph that offers objects; on AWS, link a file",
    ),
    (
        {"ceph": {}, "cache": {"datasets": {"images": {**DATASET, "team": "frauds"}}}},
        "storage.cache.datasets.images.team: frauds is not a team; did you mean fraud?",
    ),
    ({"ceph": {}, "cache": {"datasets": {}}}, "storage.cache.datasets"),
    (
        {"ceph": {}, "cache": {"datasets": {"images": {**DATASET, "prefix": "images"}}}},
        "storage.cache.datasets.images.prefix: images is not a prefix; write names that each end in a slash",
    ),
    (
        {"ceph": {}, "cache": {"datasets": {"images": {**DATASET, "size": "1MiB"}}}},
        "storage.cache.datasets.images.size: 1MiB is below 1GiB; write at least 1GiB",
    ),
]


@pytest.mark.parametrize(("storage", "expected"), ON_PREMISES)
def test_each_mistake_has_one_clear_error(storage: dict[str, Any], expected: str) -> None:
    (problem,) = on_premises_problems(storage)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("storage", "expected"),
    [
        (
            {"storage.ceph": {}},
            "storage.ceph: is only for platform kubernetes; leave it out: EBS, EFS, Lustre",
        ),
        (
            {"storage.snapshots": {"drivers": ["a"]}},
            "storage.snapshots.drivers: is only for platform kubernetes; leave it out: EKS brings it",
        ),
        (
            {"storage.snapshots": {"controller": False}},
            "storage.snapshots.controller: is only for platform kubernetes; leave it out: EKS brings it",
        ),
        (
            {"storage.snapshots": {}, "storage.backup": {"restore_from": ["dev"]}},
            "storage.backup.restore_from[0]: dev is this very environment, whose backups can be",
        ),
    ],
)
def test_on_aws_too(storage: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of(storage)
    assert problem.startswith(expected)


SCHEDULES = {
    "0 3 * *": "is not a schedule of five fields; write minute, hour, day, month, weekday",
    "60 * * * *": "has 60 for the minute; write *, or numbers from 0 to 59",
    "0 24 * * *": "has 24 for the hour; write *, or numbers from 0 to 23",
    "0 3 0 * *": "has 0 for the day of the month; write *, or numbers from 1 to 31",
    "0 3 * 13 *": "has 13 for the month",
    "0 3 * * 7": "has 7 for the day of the week",
    "0 3 * * mon": "has mon for the day of the week",
    "5-1 3 * * *": "has 5-1 for the minute",
    "*/0 3 * * *": "has */0 for the minute",
    "0 3,25 * * *": "has 3,25 for the hour",
}


@pytest.mark.parametrize(("schedule", "wrong"), SCHEDULES.items())
def test_a_schedule_that_cron_does_not_take(schedule: str, wrong: str) -> None:
    found = on_premises_problems({"ceph": {}, "snapshots": {}, "backup": {"schedule": schedule}})
    (problem,) = found
    assert wrong in problem


@pytest.mark.parametrize("schedule", ["0 3 * * *", "*/15 * * * *", "0 0-6/2 1,15 * 1-5", "59 23 31 12 6"])
def test_a_schedule_that_cron_takes(schedule: str) -> None:
    storage = {"ceph": {}, "snapshots": {}, "backup": {"schedule": schedule}}
    assert on_premises_problems(storage) == []


def test_everything_goes_together() -> None:
    storage = {
        "ceph": {"nodes": {"kubernetes.io/os": "linux"}, "devices": "^nvme[1-9]n1$", "spread": "zone"},
        "snapshots": {"keep": "retain", "drivers": ["csi.example.com"]},
        "backup": {"keep": "90d"},
        "cache": {"datasets": {"images": {**DATASET, "prefix": "images/2026/", "medium": "disk"}}},
    }
    environment = on_premises({"storage": storage})
    assert environment.storage.ceph is not None
    assert environment.storage.ceph.offers == ("block", "shared", "objects")


def test_a_lab_may_have_one_copy_of_what_may_go() -> None:
    assert (
        on_premises_problems(
            {"ceph": {"replicas": 1, "monitors": 1, "spread": "osd", "keep": "destroy", "wipe": True}}
        )
        == []
    )


def test_backups_on_aws_need_no_more_than_snapshots_and_a_lake() -> None:
    environment = small({"storage.snapshots": {}, "storage.backup": {}})
    assert environment.storage.backup is not None
    assert environment.storage.backup.keep.days == 30


def test_backups_without_teams_have_nothing_to_do() -> None:
    (problem,) = on_premises_problems({"ceph": {}, "snapshots": {}, "backup": {}}, teams={})
    assert problem.startswith("storage.backup: has no teams to back up; write teams")
