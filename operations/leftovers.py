"""What still carries an environment's name: the proof of a clean teardown, or the list of what was not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from infra.environment import Environment
from infra.labels import ENVIRONMENT_TAG

if TYPE_CHECKING:
    from operations.twin.manager import Twin


_KIND: Final = "CustomResourceDefinition"


@dataclass(frozen=True, order=True)
class Leftover:
    """One thing that is still there."""

    service: str
    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.service} {self.type} {self.id}"


def on_twin(twin: Twin, environment: Environment) -> tuple[Leftover, ...]:
    """Everything on the twin that is the environment's, or nobody's: what has no name on it was its too.

    Custom kinds are the cluster's, which at AWS takes them along: charts leave theirs behind, as Helm does,
    lest somebody's objects go. Objects of theirs that are left are told of.

    Of a stack of teams only what has its name: around it the platform lives on.
    """
    alone = environment.teams_of is None
    return tuple(
        sorted(
            Leftover(item.service, item.type, item.id)
            for item in twin.inventory()
            if item.environment == environment.name
            or (alone and item.environment is None and item.type != _KIND)
        )
    )


def at_aws(environment: Environment, client: Any = None) -> tuple[Leftover, ...]:
    """Everything at AWS that carries the environment's tag, by exact match; nothing on other platforms.

    AWS may go on listing what was just deleted for a while, and does not list what cannot be tagged:
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html

    Args:
        environment: whose resources.
        client: a boto3 client of `resourcegroupstaggingapi`; None: one for the environment's region.
    """
    if environment.platform != "aws":
        return ()
    if client is None:
        import boto3

        client = boto3.client("resourcegroupstaggingapi", region_name=environment.region)
    pages = client.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": ENVIRONMENT_TAG, "Values": [environment.name]}]
    )
    arns = (tagged["ResourceARN"] for page in pages for tagged in page["ResourceTagMappingList"])
    return tuple(sorted(_of_arns(arns)))


def _of_arns(arns: Iterable[str]) -> Iterable[Leftover]:
    for arn in arns:
        _, _, service, _, _, resource = arn.split(":", 5)
        type_, _, name = (
            resource.replace(":", "/", 1).rpartition("/") if "/" in resource else ("", "", resource)
        )
        yield Leftover(service, type_ or service, name)
