"""Spark that AWS runs."""

from __future__ import annotations

from typing import Annotated

from infra.environment.fields import Form
from infra.environment.section import Section

Release = Annotated[
    str,
    Form(
        pattern=r"emr-[0-9]+\.[0-9]+\.[0-9]+-(latest|[0-9]{8})",
        wrong="is not a release of EMR on EKS",
        hint="write its label with -latest or its date, such as emr-7.9.0-latest",
        example="emr-7.9.0-latest",
    ),
]
"""https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-releases.html"""


class Managed(Section):
    """Amazon EMR on EKS: jobs are started at AWS, which runs them in the teams' namespaces.

    Each team has a virtual cluster, a role for its jobs, and a job template for each profile. The account
    needs EMR's service-linked role, which is there once it was used, or after
    `aws iam create-service-linked-role --aws-service-name emr-containers.amazonaws.com`.
    """

    release: Release
    """What jobs run on: Spark, with AWS' connectors to S3, Glue and Iceberg."""
