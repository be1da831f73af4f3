"""What a recording asks of AWS, as the plan that Terraform would print: the tongue that scanners speak.

pulumi-aws is made from Terraform's provider by rules that can be undone: names are in another spelling, a
block that there is at most one of stands without its list, and a list of blocks has a plural's name:
https://developer.hashicorp.com/terraform/internals/json-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from infra.resources import RecordedResource
from operations.recorder import invented

_MODULES: Final = {
    "amp": "prometheus_",
    "cfg": "config_",
    "ec2": "",
    "ec2transitgateway": "ec2_transit_gateway_",
    "rds": "db_",
}
"""How types of a module begin in Terraform, where it is not by the module's name:
`renames` in https://github.com/pulumi/pulumi-aws/blob/master/provider/cmd/pulumi-resource-aws/bridge-metadata.json"""

_TYPES: Final = {
    "aws:autoscaling/tag:Tag": "aws_autoscaling_group_tag",
    "aws:budgets/budget:Budget": "aws_budgets_budget",
    "aws:rds/cluster:Cluster": "aws_rds_cluster",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
}
"""Types that no rule gives; the same source."""

_FREE: Final = frozenset({"tags", "labels", "parameters", "variables"})
"""Mappings whose keys are the user's own."""

_PLURAL: Final = frozenset({"block_device_mappings", "network_interfaces", "tag_specifications", "ingress"})
"""Lists of blocks that Terraform itself calls by a name that may be taken for a plural."""


def plan(resources: Iterable[RecordedResource]) -> dict[str, Any]:
    """The plan of what is asked of AWS, as `terraform show -json` prints one."""
    everything = tuple(resources)
    cloud = [one for one in everything if one.custom and one.type.startswith("aws:")]
    account = _account(everything)
    identities = {one.urn: _identities(one, account) for one in cloud}
    addresses = {one.urn: address(one) for one in cloud}
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_planned(one) for one in cloud]}},
        "resource_changes": [_change(one) for one in cloud],
        "configuration": {
            "root_module": {"resources": [_configured(one, identities, addresses) for one in cloud]}
        },
    }


def type_of(token: str) -> str:
    """What Terraform calls a type of pulumi-aws."""
    if token in _TYPES:
        return _TYPES[token]
    _, path, _ = token.split(":")
    module, _, name = path.partition("/")
    return f"aws_{_MODULES.get(module, f'{module}_')}{_snake(name)}"


def address(one: RecordedResource) -> str:
    """What a resource is called in the plan."""
    return f"{type_of(one.type)}.{_label(one)}"


def values(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs in Terraform's spelling."""
    return dict(_argument(key, value) for key, value in inputs.items())


def _argument(key: str, value: Any) -> tuple[str, Any]:
    name = _snake(key)
    if isinstance(value, Mapping) and name in _FREE:
        return name, dict(value)
    if isinstance(value, Mapping):
        return name, [values(value)]
    if value and isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
        return _singular(name), [values(one) for one in value]
    return name, value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _singular(name: str) -> str:
    if name in _PLURAL or not name.endswith("s"):
        return name
    return f"{name[:-3]}y" if name.endswith("ies") else name[:-1]


def _label(one: RecordedResource) -> str:
    """A resource's name, with what tells it from others of the name that have another parent."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", one.name)


def _planned(one: RecordedResource) -> dict[str, Any]:
    return {
        "address": address(one),
        "mode": "managed",
        "type": type_of(one.type),
        "name": _label(one),
        "provider_name": "registry.terraform.io/hashicorp/aws",
        "schema_version": 0,
        "values": values(one.inputs),
    }


def _change(one: RecordedResource) -> dict[str, Any]:
    known = {key: value for key, value in _planned(one).items() if key not in ("schema_version", "values")}
    change = {"actions": ["create"], "before": None, "after": values(one.inputs), "after_unknown": {}}
    return {**known, "change": change}


def _configured(
    one: RecordedResource, identities: Mapping[str, frozenset[str]], addresses: Mapping[str, str]
) -> dict[str, Any]:
    """The resource as it refers to others: by which argument to which."""
    expressions: dict[str, Any] = {}
    for key, value in one.inputs.items():
        if _snake(key) in _FREE:
            continue  # a tag that is called as something is called refers to nothing
        said = set(_texts(value))
        refers = [addresses[urn] for urn in one.dependencies if urn in identities and identities[urn] & said]
        if refers:
            name, _ = _argument(key, value)
            expressions[name] = {"references": [part for to in refers for part in (f"{to}.id", to)]}
    return {
        "address": address(one),
        "mode": "managed",
        "type": type_of(one.type),
        "name": _label(one),
        "expressions": expressions,
    }


def _account(resources: Iterable[RecordedResource]) -> invented.Account:
    """Where the stack's provider goes, as the recording took it."""
    for one in resources:
        if one.type == "pulumi:providers:aws":
            numbers = json.loads(one.inputs.get("allowedAccountIds", "[]"))
            return invented.Account(number=numbers[0], region=str(one.inputs["region"]))
    return invented.Account()


def _identities(one: RecordedResource, account: invented.Account) -> frozenset[str]:
    """What others may call a resource by: its id, and its other outputs that are made up for it alone."""
    identity, known = invented.outputs(one.urn, one.type, one.inputs, account)
    return frozenset({identity, *(value for value in known.values() if isinstance(value, str))})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
