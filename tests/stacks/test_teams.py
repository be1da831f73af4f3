"""Stacks of teams: the same as teams of the platform's own file, made of what its stack tells."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi.runtime import set_all_config

from infra.environment import Environment, load, shards
from operations.plan import plan, references
from operations.recorder import record, record_program
from stacks import program
from tests.components.support import Found

ROLE = "arn:aws:iam::111122223333:role/search"
TEAM = {"members": ["oidc:search", ROLE], "gpus": 8, "cpu": 8, "memory": "16GiB", "budget": 100}
PLATFORM: dict[str, Any] = {
    "owner": "somebody",
    "account": "111122223333",
    "network": {"cidr": "10.20.0.0/16", "zones": 2},
    "cluster": {
        "version": "1.35",
        "oidc": {"issuer": "https://login.example.com", "client_id": "kubernetes"},
    },
    "pools": {
        "system": {"instances": ["m7i.2xlarge"], "min": 2, "max": 4},
        "train": {"instances": ["p4d.24xlarge"], "max": 2, "zone": "eu-west-1b"},
    },
    "storage": {
        "lake": {"keep": "destroy"},
        "lustre": {
            "scratch": {
                "deployment": "scratch",
                "capacity": "1200GiB",
                "keep": "destroy",
                "link": {"path": "datasets"},
            }
        },
        "shared": {"home": {"keep": "destroy", "people": {"ada": {"team": "search", "uid": 1001}}}},
        "mounts": {"base": {"path": "models/base"}},
        "snapshots": {"keep": "destroy"},
        "backup": {},
    },
    "domain": {
        "name": "ml.example.com",
        "hosted_zone": "Z0123456789ABCDEFGHIJ",
        "login": {"issuer": "https://login.example.com", "client_id": "consoles", "secret": "login"},
    },
    "certificates": {"email": "ml-platform@example.com"},
    "secrets": {},
    "mesh": {"gateway": {"sources": ["10.0.0.0/8"]}},
    "monitoring": {},
    "budget": {"monthly": 1000000, "notify": ["somebody@example.com"]},
}
SHARD = {"owner": "somebody", "account": "111122223333", "teams_of": "lab", "teams": {"search": TEAM}}


def written(root: Path, **sections: dict[str, Any]) -> dict[str, Environment]:
    """A project with some stacks, and their environments."""
    (root / "stacks").mkdir(parents=True, exist_ok=True)
    (root / "Pulumi.yaml").write_text("name: mlcluster\nruntime: python\n", encoding="utf-8")
    paths = {name.replace("_", "-"): section for name, section in sections.items()}
    for name, section in paths.items():
        text = yaml.safe_dump(
            {"config": {"aws:region": "eu-west-1", "mlcluster:environment": copy.deepcopy(section)}}
        )
        (root / "stacks" / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    return {name: load(root / "stacks" / f"Pulumi.{name}.yaml") for name in paths}


class Both:
    """A team in a stack of its own, and the same in the platform's."""

    def __init__(self, root: Path) -> None:
        apart = root / "apart"
        apart.mkdir()
        made = written(apart, lab=PLATFORM, lab_teams=SHARD)
        self.env = made["lab-teams"]
        self.platform = Found(record(made["lab"]))
        self.shard = Found(record(self.env, references=references(self.env, apart)))
        together = root / "together"
        together.mkdir()
        whole = written(together, lab={**PLATFORM, "teams": {"search": TEAM}})["lab"]
        self.whole = Found(record(whole))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


def of_the_team(found: Found) -> Counter[tuple[str, str, str]]:
    """What a stack has for the team: type, namespace and name."""
    wanted = {"search-exploration", "search-training", "search-serving"}
    return Counter(
        (one.type, str(meta.get("namespace")), str(meta.get("name")))
        for one in found.resources
        if (meta := one.inputs.get("metadata") or {})
        and (meta.get("namespace") in wanted or meta.get("name") in wanted)
    )


def test_a_team_has_the_same_wherever_it_is(both: Both) -> None:
    mine = of_the_team(both.shard)
    assert sum(mine.values()) > 50
    assert mine == of_the_team(both.whole)
    assert of_the_team(both.platform) == Counter()


def test_nothing_that_is_there_once_is_made_twice(both: Both) -> None:
    shared = {(one.type, one.name) for one in both.shard.resources if one.custom}
    twice = shared & {(one.type, one.name) for one in both.platform.resources if one.custom}
    # its own providers, and another job of another name that makes folders
    assert {name for _, name in twice} == {"aws", "kubernetes", "lustre-scratch-volumes"}
    jobs = [found.one("Job", "lustre-scratch-volumes").inputs for found in (both.platform, both.shard)]
    assert jobs[0]["metadata"]["name"] != jobs[1]["metadata"]["name"]
    assert "teams/search" in jobs[1]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert both.shard.all("Release") == []


def test_it_enters_the_cluster_that_the_platform_tells(both: Both) -> None:
    assert both.shard.inputs("StackReference") == {"name": "organization/mlcluster/lab"}
    assert both.shard.inputs("kubernetes")["kubeconfig"] == "[secret]"
    (entry,) = both.shard.all("AccessEntry")
    cluster = both.platform.recording.outputs["cluster"]
    assert entry.inputs["clusterName"] == cluster == "mlcluster-lab"
    assert entry.inputs["kubernetesGroups"] == ["mlcluster:search"]
    assert {one.inputs["clusterName"] for one in both.shard.all("PodIdentityAssociation")} == {cluster}
    buckets = both.platform.recording.outputs["lake"]
    assert (
        f"arn:aws:s3:::{buckets['raw']}/teams/search/*" in both.shard.inputs("RolePolicy", "search")["policy"]
    )


def test_secrets_are_read_by_the_platforms_role(both: Both) -> None:
    stores = [
        found.one("SecretStore", "secrets-search-search-training") for found in (both.shard, both.whole)
    ]
    roles = [one.inputs["spec"]["provider"]["aws"]["role"] for one in stores]
    assert roles[0] == roles[1]


def test_what_it_makes_carries_its_own_name(both: Both) -> None:
    tagged = [one for one in both.shard.resources if one.inputs.get("tags")]
    assert tagged
    assert {one.inputs["tags"]["mlcluster:environment"] for one in tagged} == {"lab-teams"}
    spaces = both.shard.all("Namespace")
    assert {one.inputs["metadata"]["labels"]["mlcluster.io/environment"] for one in spaces} == {"lab-teams"}


def test_people_find_their_homes(both: Both) -> None:
    (volume,) = [one for one in both.shard.all("PersistentVolume") if one.name.endswith("-ada")]
    told = both.platform.recording.outputs["shared"]["home"]
    assert volume.inputs["spec"]["csi"]["volumeHandle"] == f"{told['id']}::{told['homes']['ada']}"
    assert not [one for one in both.platform.all("PersistentVolume") if one.name.endswith("-ada")]


def test_outputs_tell_whose_teams_they_are(both: Both) -> None:
    assert both.shard.recording.outputs == {
        "teams_of": "lab",
        "namespaces": {"search": ["search-exploration", "search-training", "search-serving"]},
    }


def test_as_many_resources_as_were_reckoned(both: Both) -> None:
    of_everybody = [
        *("Stack", "StackReference", "aws", "kubernetes", "TeamReach", "LakeMount", "Members"),
        *("LustreVolumes", "Job", "SharedVolumes", "TeamBackups"),
    ]
    kinds = Counter(one.type.rpartition(":")[2] for one in both.shard.resources)
    # further, an access entry for the team's role, and the volume and claim of somebody's home
    assert sum(kinds.values()) - len(of_everybody) - 3 == shards.of_a_team(both.env)
    assert all(kinds[kind] == 1 for kind in of_everybody)


def test_of_who_leaves_a_last_backup_is_taken_and_none_after_it(tmp_path: Path) -> None:
    other = {"members": ["oidc:vision"], "cpu": 1, "memory": "4GiB"}
    given = {"search": {**TEAM, "offboard": True}, "vision": other}
    made = written(tmp_path, lab=PLATFORM, lab_teams={**SHARD, "teams": given})
    found = Found(record(made["lab-teams"], references=references(made["lab-teams"], tmp_path)))
    kept = {one.inputs["metadata"]["name"]: one.inputs["spec"] for one in found.all("Backup")}
    assert list(kept) == ["search-last"]
    assert kept["search-last"]["includedNamespaces"] == [
        "search-exploration",
        "search-training",
        "search-serving",
    ]
    assert [one.inputs["metadata"]["name"] for one in found.all("Schedule")] == ["vision"]
    assert found.all("AccessEntry") == []
    assert len(found.all("Budget")) == 1
    whole = Found(record(written(tmp_path / "whole", lab={**PLATFORM, "teams": given})["lab"]))
    assert whole.before(whole.one("Backup")) >= {"Release::velero"}
    assert [one.inputs["metadata"]["name"] for one in whole.all("Schedule")] == ["vision"]


def test_services_are_those_of_the_platform(tmp_path: Path) -> None:
    topics = {"events": {"team": "search"}}
    platform = {
        **PLATFORM,
        "pools": {"system": {"instances": ["m7i.8xlarge"], "min": 3, "max": 40}},
        "kafka": {"brokers": 3, "storage": "100GiB", "topics": topics},
        "spark": {},
        "pipelines": {},
    }
    shard = {**SHARD, "teams": {"search": {**TEAM, "gpus": 0}}}
    made = written(tmp_path, lab=platform, lab_teams=shard)
    told = references(made["lab-teams"], tmp_path)
    assert set(told["lab"]["services"]) == {"stream", "spark", "pipelines"}
    found = Found(record(made["lab-teams"], references=told))
    bootstrap = told["lab"]["services"]["stream"]["bootstrap"]
    assert bootstrap in json.dumps([one.inputs["data"] for one in found.all("ConfigMap")])
    assert found.names("KafkaUser")
    assert found.all("Release") == []
    whole = {**platform, "teams": {"search": {**TEAM, "gpus": 0}}}
    assert of_the_team(found) == of_the_team(Found(record(written(tmp_path / "whole", lab=whole)["lab"])))


def test_a_plan_needs_the_files_alone(tmp_path: Path) -> None:
    bare = {
        key: PLATFORM[key] for key in ("owner", "account", "network", "cluster", "pools", "storage", "budget")
    }
    made = written(tmp_path, lab=bare, lab_teams=SHARD)
    told = plan(made["lab-teams"], tmp_path)
    assert told.counts["kubernetes:core/v1:Namespace"] == 3
    assert told.up.seconds > 0


def test_plain_pulumi_finds_the_platforms_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = {key: PLATFORM[key] for key in ("owner", "account", "network", "cluster", "pools", "budget")}
    env = written(tmp_path, lab=bare, lab_teams=SHARD)["lab-teams"]
    told = references(env, tmp_path)
    monkeypatch.chdir(tmp_path / "stacks")  # where Pulumi runs the project's `main`

    def run() -> None:
        config = {"aws:region": "eu-west-1", "mlcluster:environment": json.dumps(SHARD)}
        set_all_config(config)
        program.main()

    assert record_program(run, stack=env.name, references=told) == record(env, references=told)


def test_teams_of_an_existing_cluster(tmp_path: Path) -> None:
    storage = {"ceph": {"keep": "destroy"}}
    lab = {
        "owner": "somebody",
        "platform": "kubernetes",
        "cluster": {"context": "kind-lab"},
        "storage": storage,
    }
    team = {"members": ["search"], "cpu": 8, "memory": "16GiB"}
    shard = {"owner": "somebody", "teams_of": "lab", "teams": {"search": team}}
    (tmp_path / "stacks").mkdir()
    for name, section in (("lab", lab), ("lab-teams", shard)):
        text = yaml.safe_dump({"config": {"mlcluster:environment": section}})
        (tmp_path / "stacks" / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")
    env = load(tmp_path / "stacks" / "Pulumi.lab-teams.yaml")
    platform = load(tmp_path / "stacks" / "Pulumi.lab.yaml")
    found = Found(record(env, references={"lab": record(platform).outputs}))
    assert found.inputs("kubernetes") == {"context": "kind-lab"}
    assert len(found.all("Namespace")) == 3
    directions = found.inputs("ConfigMap", "objects-search-training")["data"]
    assert directions["prefix"] == "teams/search/"
    assert directions["endpoint"].startswith("http")
    # the buckets' own policies let teams of all stacks in
    claims = Found(record(platform)).all("ObjectBucketClaim")
    policies = [one.inputs["spec"]["additionalConfig"]["bucketPolicy"] for one in claims]
    assert all("user/search-training" in policy for policy in policies)
