"""Takes back what keeps EKS from deleting a control plane, once a person has said that it is to go."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployed import ControlPlane
from operations.guards import Failure

_POLL_S: Final = 5.0
_LONGEST_S: Final = 600.0
"""An update of a setting takes seconds to a few minutes."""


def lift(cluster: ControlPlane, client: Any, sleep: Callable[[float], None] = time.sleep) -> None:
    """Lets EKS delete a control plane; nothing else of it changes.

    It is done beside the engine, for it is no part of what the environment's file says, and must be over
    before anything is deleted: EKS would refuse only when all that stands on the cluster is gone.

    Args:
        cluster: The control plane.
        client: A boto3 client of `eks`.
        sleep: Waits so many seconds.

    Raises:
        Failure: EKS does not do it, or the cluster of that name is another account's.
    """
    try:
        found = client.describe_cluster(name=cluster.name)["cluster"]
        if found["arn"] != cluster.arn:
            raise _failed(cluster, f"the credentials lead to another cluster of its name, {found['arn']}")
        if not found.get("deletionProtection"):
            return
        update = client.update_cluster_config(name=cluster.name, deletionProtection=False)["update"]
        for _ in range(round(_LONGEST_S / _POLL_S)):
            if update["status"] != "InProgress":
                break
            sleep(_POLL_S)
            update = client.describe_update(name=cluster.name, updateId=update["id"])["update"]
    except client.exceptions.ResourceNotFoundException:
        return
    except (BotoCoreError, ClientError) as problem:
        raise _failed(cluster, str(problem)) from problem
    if update["status"] != "Successful":
        raise _failed(
            cluster, f"the update is {update['status']}: {update.get('errors') or 'no reason given'}"
        )


def _failed(cluster: ControlPlane, why: str) -> Failure:
    return Failure(f"the deletion protection of {cluster.name} cannot be taken back: {why}")
