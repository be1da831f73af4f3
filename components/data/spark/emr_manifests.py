"""EMR on EKS: who it is in the cluster, who its jobs are at AWS, and what a job is started from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from components.data.spark import settings
from components.data.spark.settings import ZONE, Lake
from infra.environment.spark import Driver, Executor, SparkProfile
from infra.labels import POOL_LABEL
from infra.places import Place

USER: Final = "emr-containers"
"""Who EMR is in the cluster, and the name of its Role and RoleBinding in namespaces:
https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/setting-up-cluster-access.html"""

CONFIG: Final = "emr-profiles"
"""The config map, in a team's namespace, with what jobs are started from. Not called as the operator's, whose
place it may take: what is new comes before what is old goes."""

_ROLE: Final = "aws-service-role/emr-containers.amazonaws.com/AWSServiceRoleForAmazonEMRContainers"
_ICEBERG: Final = "local:///usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar"
_PARTS: Final = ("client", "driver", "executor")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_DO: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "watch")
_ON_DEMAND: Final = {"eks.amazonaws.com/capacityType": "ON_DEMAND"}


def service_role(place: Place) -> str:
    """The ARN of EMR's service-linked role, which the account has once EMR on EKS was used in it.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/using-service-linked-roles.html
    """
    return f"arn:{place.partition}:iam::{place.account}:role/{_ROLE}"


def namespace_rules() -> list[dict[str, Any]]:
    """What EMR may do in a namespace where it runs jobs; what it grants to jobs' pods it must have itself.

    The rules of AWS' own command (`eksctl create iamidentitymapping --service-name emr-containers`), in words
    that Kubernetes knows, and without Deployments, StatefulSets and Ingresses, which only managed endpoints
    want.
    """
    return [
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]},
        {
            "apiGroups": [""],
            "resources": ["serviceaccounts", "services", "configmaps", "events", "pods", "pods/log"],
            "verbs": list(_DO),
        },
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "delete", "patch", "watch"]},
        {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": list(_DO)},
        {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": list(_DO)},
        {
            "apiGroups": ["rbac.authorization.k8s.io"],
            "resources": ["roles", "rolebindings"],
            "verbs": list(_DO),
        },
    ]


def accounts(account: str, role: str) -> tuple[str, ...]:
    """The service accounts that EMR makes for jobs of a role, which is in their names as a number.

    https://docs.aws.amazon.com/cli/latest/reference/emr-containers/create-role-associations.html

    Args:
        account: The AWS account's number.
        role: The role's name.
    """
    return tuple(f"emr-containers-sa-spark-{part}-{account}-{_base36(role)}" for part in _PARTS)


def _base36(name: str) -> str:
    """A name as AWS' command line writes it: its bytes as one number, in 36 digits.

    https://github.com/aws/aws-cli/blob/develop/awscli/customizations/emrcontainers/base36.py
    """
    number, found = int.from_bytes(name.encode("ascii"), "big"), ""
    while number:
        number, digit = divmod(number, 36)
        found = _DIGITS[digit] + found
    return found


def started_from(
    profile: SparkProfile, lake: Lake, team: str, *, cluster: str, role: str, release: str
) -> str:
    """What `aws emr-containers start-job-run --cli-input-json` is given: all but a job's name and program.

    A job template of EMR's could not be given programs of different arguments, so this is a file instead,
    over which the command's own options win:
    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-skeleton.html

    Args:
        profile: The profile.
        lake: The lake.
        team: Whose jobs.
        cluster: Id of the team's virtual cluster.
        role: ARN of the role of its jobs.
        release: The release of EMR.
    """
    asked = {
        "virtualClusterId": cluster,
        "executionRoleArn": role,
        "releaseLabel": release,
        "configurationOverrides": {
            "applicationConfiguration": [
                {"classification": "spark-defaults", "properties": properties(profile, lake, team)}
            ],
            "monitoringConfiguration": {
                "persistentAppUI": "ENABLED",
                "s3MonitoringConfiguration": {"logUri": f"s3://{lake.buckets[ZONE]}/teams/{team}/emr-logs/"},
            },
        },
    }
    return json.dumps(asked, indent=2)


def properties(profile: SparkProfile, lake: Lake, team: str) -> dict[str, str]:
    """Spark's settings for a profile. EMR brings its own way to S3, so nothing is said of that.

    Pods are placed by labels of nodes, which is all that EMR takes without a template of a pod in S3.
    """
    return {
        **_size("driver", profile.driver, _ON_DEMAND),
        **_size("executor", profile.executor, {}),
        **settings.executors(profile),
        **_tables(lake),
        **settings.losing_nodes(lake, team, scheme="s3"),
        **({} if profile.shuffle is None else settings.shuffle_on_volumes(profile.shuffle)),
    }


def _tables(lake: Lake) -> dict[str, str]:
    """The catalog, and the jar of Iceberg's that EMR's images have beside Spark's.

    https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/tutorial-iceberg.html
    """
    tables = settings.tables(lake)
    return {**tables, "spark.jars": _ICEBERG} if tables else {}


def _size(part: str, size: Driver | Executor, otherwise: Mapping[str, str]) -> dict[str, str]:
    nodes = otherwise if size.pool is None else {POOL_LABEL: size.pool}
    return {
        f"spark.{part}.cores": str(size.cores),
        f"spark.{part}.memory": settings.heap(size.memory),
        f"spark.{part}.memoryOverhead": settings.overhead(size.memory),
        **{f"spark.kubernetes.{part}.node.selector.{key}": value for key, value in nodes.items()},
    }
