"""Node images of EKS, as its public SSM parameters would name them.

AWS publishes a release every week or two; the twin has one for each Kubernetes version, so that nothing
changes under anyone's feet. Real values: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_RELEASED: Final = "20251120"
_BOTTLEROCKET: Final = "1.44.0-a1b2c3d4"
_PARAMETER: Final = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>1\.\d+)/.+/(?P<fact>image_id|release_version)"
)


def release_version(kubernetes: str, ami_type: str = "") -> str:
    """Returns the release of images for a Kubernetes version: "1.35.0-20251120", or Bottlerocket's own."""
    return _BOTTLEROCKET if ami_type.startswith("BOTTLEROCKET") else f"{kubernetes}.0-{_RELEASED}"


def public_parameter(name: str) -> str | None:
    """Returns the value of a public SSM parameter about node images; None for any other parameter."""
    match = _PARAMETER.fullmatch(name)
    if match is None:
        return None
    if match["fact"] == "image_id":
        return "ami-" + hashlib.sha256(name.encode()).hexdigest()[:17]
    return release_version(match["version"])
