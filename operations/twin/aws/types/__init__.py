"""The resource types that the twin knows, one module for each AWS service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.twin.aws.table import Type
from operations.twin.aws.types import (
    budgets,
    ec2_network,
    ec2_routes,
    ec2_security,
    ec2_templates,
    eks,
    eks_access,
    iam,
    kms,
    logs,
    s3,
)

_MODULES: Final = (
    budgets,
    ec2_network,
    ec2_routes,
    ec2_security,
    ec2_templates,
    eks,
    eks_access,
    iam,
    kms,
    logs,
    s3,
)

TYPES: Final[Mapping[str, Type]] = {
    found.type: found for module in _MODULES for found in vars(module).values() if isinstance(found, Type)
}
"""Every resource type by its token."""
