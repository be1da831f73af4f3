"""File systems, mounts and disks: what an environment file may say of them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment.storage.lustre import Link
from infra.environment.storage.paths import placed
from infra.problems import BadInput
from infra.units import GiB
from tests.infra.environment.samples import MISSING, on_premises, small


def said(changes: dict[str, Any]) -> list[str]:
    with pytest.raises(BadInput) as refused:
        small(changes)
    return [str(problem) for problem in refused.value.problems]


def lustre(**fields: Any) -> Any:
    return small({"storage.lustre": {"scratch": {"capacity": "2400GiB", **fields}}}).storage.lustre["scratch"]


def wrong(**fields: Any) -> str:
    given = {key: value for key, value in {"capacity": "2400GiB", **fields}.items() if value is not MISSING}
    (only,) = said({"storage.lustre": {"scratch": given}})
    assert only.startswith("storage.lustre.scratch"), only
    return only.removeprefix("storage.lustre.scratch.")


def test_the_design_s_example_is_right() -> None:
    storage = small(
        {
            "storage.lustre": {"scratch": {"capacity": "48000GiB", "throughput": 500, "link": "datasets"}},
            "storage.shared": {"home": {"performance": "elastic"}},
        }
    ).storage
    found = storage.lustre["scratch"]
    assert (found.capacity, found.mbps_per_tib, found.persistent) == (48000 * GiB, 500, True)
    assert found.link == (Link(path="datasets"),)
    assert storage.shared["home"].archived_after == "90d"


@pytest.mark.parametrize(
    ("capacity", "fields"),
    [
        ("1200GiB", {}),
        ("2400GiB", {}),
        ("7200GiB", {}),
        ("1200GiB", {"deployment": "scratch"}),
        ("1200GiB", {"deployment": "persistent-1", "throughput": 200}),
    ],
)
def test_capacities_that_lustre_can_have(capacity: str, fields: dict[str, Any]) -> None:
    assert lustre(capacity=capacity, **fields).capacity == int(capacity.removesuffix("GiB")) * GiB


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"capacity": "1000GiB"}, "1000GiB is not a capacity that Lustre can have on SSD; write 1200GiB or"),
        ({"capacity": "3600GiB"}, "on SSD; write 2400GiB or 4800GiB"),
        ({"capacity": "1.5TiB"}, "on SSD; write 1200GiB or 2400GiB"),
        ({"deployment": "scratch", "throughput": 200}, "scratch has 200 MB/s for each TiB"),
        ({"throughput": 200}, "that persistent file systems have; write 125, 250, 500 or 1000"),
        ({"deployment": "persistent-1", "throughput": 500}, "file systems have; write 50, 100 or 200"),
        ({"capacity": MISSING}, "capacity: is missing, which SSD file systems need; write one such as"),
        ({"media": "tiered"}, "2400GiB is not chosen with media: tiered, which grows by itself; remove it"),
        ({"media": "tiered", "deployment": "scratch"}, "tiered is for persistent file systems only"),
        ({"media": "tiered", "capacity": MISSING, "throughput": 6000}, "write 4000 or 8000"),
        ({"media": "tiered", "capacity": MISSING, "link": "datasets"}, "cannot be had with media: tiered"),
        ({"media": "tiered", "capacity": MISSING, "metadata_iops": 1500}, "can be chosen; write 6000"),
        ({"metadata_iops": 5000}, "is not a number of metadata operations that can be chosen; write 6000"),
        ({"deployment": "scratch", "metadata_iops": 6000}, "is for persistent file systems only"),
        ({"deployment": "scratch", "efa": True}, "is for persistent file systems only"),
        ({"backups": "91d"}, "is above 90d"),
        ({"deployment": "scratch", "backups": "7d"}, "which scratch file systems cannot have"),
        ({"link": "datasets", "backups": "7d"}, "which a linked file system cannot have"),
        ({"link": "datasets", "keep": "backup"}, "which a linked file system cannot have"),
        ({"deployment": "scratch", "keep": "backup"}, "which scratch file systems cannot have"),
        ({"link": ["datasets", "curated/datasets"]}, "which overlap; write the wider one alone"),
        ({"link": ["datasets", "datasets/images"]}, "which overlap; write the wider one alone"),
        ({"link": "teams/fraud"}, "the folder of the teams' own data"),
        ({"link": "/datasets/"}, "is not a path in the lake"),
        ({"link": [f"d{n}" for n in range(9)]}, "write at most 8"),
        ({"maintenance": "sun 3am"}, 'write them in UTC, such as "sunday 03:00"'),
        ({"zone": "us-east-1f"}, "us-east-1f is not a zone of the network"),
    ],
)  # fmt: skip
def test_lustre_that_aws_would_refuse(fields: dict[str, Any], message: str) -> None:
    assert message in wrong(**fields)


EFA = {"efa": True, "zone": "us-east-1a"}
TRAIN = {"pools.train": {"instances": ["p5.48xlarge"], "max": 2, "zone": "us-east-1a"}}


@pytest.mark.parametrize(("throughput", "step"), [(125, 38400), (250, 19200), (500, 9600), (1000, 4800)])
def test_efa_needs_a_capacity_after_its_throughput(throughput: int, step: int) -> None:
    def asked(capacity: int) -> dict[str, Any]:
        return {
            **TRAIN,
            "storage.lustre": {"fast": {**EFA, "throughput": throughput, "capacity": f"{capacity}GiB"}},
        }

    assert small(asked(2 * step)).storage.lustre["fast"].efa
    (problem,) = said(asked(step + 2400))
    assert f"with efa at {throughput} MB/s; write {step}GiB or {2 * step}GiB" in problem
    (problem,) = said(asked(2400))
    assert problem.endswith(f"write {step}GiB")


@pytest.mark.parametrize("zone", [None, "us-east-1b"])
def test_efa_is_of_use_only_beside_a_pool_with_efa(zone: str | None) -> None:
    fast = {"efa": True, "capacity": "38400GiB", **({} if zone is None else {"zone": zone})}
    elsewhere = {"pools.train": {"instances": ["p5.48xlarge"], "max": 2, "zone": "us-east-1a"}}
    if zone is None:
        assert small({**elsewhere, "storage.lustre": {"fast": fast}})
    else:
        (problem,) = said({**elsewhere, "storage.lustre": {"fast": fast}})
        assert "storage.lustre.fast.efa: true is of no use: no pool in us-east-1b has EFA" in problem


def test_tiered_storage_has_throughput_in_all() -> None:
    tiered = small({"storage.lustre": {"lab": {"media": "tiered"}}}).storage.lustre["lab"]
    assert (tiered.mbps, tiered.mbps_per_tib, tiered.capacity) == (4000, None, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"storage.shared": {"home": {"performance": "provisioned"}}}, "throughput: is missing"),
        ({"storage.shared": {"home": {"throughput": 128}}}, "128 needs performance: provisioned"),
        ({"storage.shared": {"home": {"infrequent_after": "2d"}}}, "write '1d', '7d'"),
        ({"storage.shared": {"home": {"archive_after": "30d"}}}, "30d is not after infrequent_after, 30d"),
        (
            {"storage.shared": {"home": {"performance": "bursting", "archive_after": "90d"}}},
            "90d needs performance: elastic",
        ),
        (
            {"storage.shared": {"home": {"people": {"ada": {"team": "frau", "uid": 1001}}}}},
            "people.ada.team: frau is not a team of this environment; did you mean fraud?",
        ),
        ({"storage.shared": {"home": {"people": {"ada": {"team": "fraud", "uid": 0}}}}}, "0 is below 1000"),
        ({"storage.block": {"db": {"type": "io2"}}}, "storage.block.db.iops: is missing, which io2 needs"),
        ({"storage.block": {"db": {"type": "io2", "iops": 300000}}}, "is not between 100 and 256000"),
        ({"storage.block": {"db": {"iops": 2000}}}, "is not between 3000 and 16000"),
        ({"storage.block": {"db": {"throughput": 1000}}}, "write iops of at least 4000"),
        ({"storage.block": {"a": {"type": "io2", "iops": 500, "throughput": 500}}}, "cannot be chosen"),
        (
            {"storage.block": {"a": {"default": True}, "b": {"default": True}}},
            "storage.block.b.default: true makes a second default class beside a",
        ),
        (
            {"storage.shared": {"home": {}}, "storage.block": {"home-fraud": {}}},
            "storage.block.home-fraud: has the name of another storage class",
        ),
        (
            {"storage.lake": MISSING, "storage.mounts": {"data": {"path": "datasets"}}},
            "storage.mounts.data: leads to a lake, and there is none",
        ),
        (
            {"storage.lake": MISSING, "storage.lustre": {"s": {"capacity": "1200GiB", "link": "datasets"}}},
            "storage.lustre.s.link: leads to a lake, and there is none",
        ),
        (
            {"storage.mounts": {"s": {"path": "x"}}, "storage.lustre": {"s": {"capacity": "1200GiB"}}},
            "storage.mounts.s: has a volume claim s, which storage.lustre.s has too",
        ),
    ],
)  # fmt: skip
def test_storage_that_does_not_fit(changes: dict[str, Any], message: str) -> None:
    (problem,) = said(changes)
    assert message in problem


def test_two_people_never_share_an_id() -> None:
    people = {"ada": {"team": "fraud", "uid": 1001}, "bob": {"team": "fraud", "uid": 1001}}
    (problem,) = said({"storage.shared": {"home": {"people": people}}})
    assert "gives uid 1001 to ada and bob" in problem


def test_what_pods_mount_needs_a_cluster() -> None:
    changes = {
        "cluster": MISSING,
        "network": MISSING,
        "pools": MISSING,
        "teams": MISSING,
        "storage.scratch": True,
    }
    assert any("storage.scratch: needs a cluster" in problem for problem in said(changes))


@pytest.mark.parametrize("field", ["lustre", "shared", "block", "mounts"])
def test_file_systems_of_aws_are_for_aws(field: str) -> None:
    content = {"lustre": {"a": {"capacity": "1200GiB"}}, "mounts": {"a": {"path": "x"}}}.get(field, {"a": {}})
    with pytest.raises(BadInput) as refused:
        on_premises({f"storage.{field}": content})
    assert f"storage.{field}: is only for platform aws" in str(refused.value)


def test_exactly_one_storage_class_is_the_default() -> None:
    def defaults(**block: Any) -> list[str]:
        classes = small({"storage.block": block}).storage.classes
        assert "gp3" in classes
        return [name for name, one in classes.items() if one.default]

    assert defaults() == ["gp3"]
    assert defaults(db={"type": "io2", "iops": 5000}) == ["gp3"]
    assert defaults(db={"type": "io2", "iops": 5000, "default": True}) == ["db"]
    assert defaults(gp3={"iops": 6000}) == ["gp3"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("datasets", ("curated", "datasets")),
        ("datasets/images", ("curated", "datasets/images")),
        ("models/checkpoints", ("models", "checkpoints")),
        ("raw", ("raw", "")),
    ],
)
def test_paths_in_the_lake(path: str, found: tuple[str, str]) -> None:
    assert placed(path) == found
