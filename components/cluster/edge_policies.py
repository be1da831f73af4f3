"""What the controllers of certificates and of secrets may do at AWS."""

from __future__ import annotations

from typing import Final

from infra import iam, naming
from infra.places import Place

FOLDER_TAG: Final = "mlcluster-secrets"
"""Tag of a session that reads secrets: the folder, below the environment's, that it reads from."""
PLATFORM: Final = "platform"
"""Folder of the platform's own secrets."""


def team_folder(team: str) -> str:
    """Folder of a team's secrets."""
    return f"teams/{team}"


def challenges(place: Place, zone: str, base: str) -> str:
    """What cert-manager may do: answer the challenges of an ACME authority for names below one domain.

    These are TXT records, at ``_acme-challenge`` and a name:
    https://cert-manager.io/docs/configuration/acme/dns01/route53/#set-up-an-iam-policy and
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html

    Args:
        place: Where the cluster is; Route 53 itself is nowhere.
        zone: Id of the hosted zone.
        base: The domain, ``dev.example.com``.
    """
    return iam.document(
        {"Effect": "Allow", "Action": "route53:GetChange", "Resource": _route53(place, "change/*")},
        {
            "Effect": "Allow",
            "Action": "route53:ListResourceRecordSets",
            "Resource": _route53(place, f"hostedzone/{zone}"),
        },
        {
            "Effect": "Allow",
            "Action": "route53:ChangeResourceRecordSets",
            "Resource": _route53(place, f"hostedzone/{zone}"),
            "Condition": {
                "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": ["TXT"]},
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
                        f"_acme-challenge.{base}",
                        f"_acme-challenge.*.{base}",
                    ]
                },
            },
        },
    )


def borrow(reader: str) -> str:
    """What external-secrets may do by itself: have the role that reads, for a folder at a time.

    Args:
        reader: ARN of that role.
    """
    return iam.document(
        {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": reader}
    )


def lend(controller: str) -> str:
    """Who may have the role that reads: external-secrets, for sessions that say which folder they read.

    Pod identity's own tags go along, since they are transitive, and so need `sts:TagSession` too:
    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html

    Args:
        controller: ARN of the role of external-secrets.
    """
    folders = [PLATFORM, team_folder("*")]
    return iam.document(
        {
            "Effect": "Allow",
            "Principal": {"AWS": controller},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {"StringLike": {f"aws:RequestTag/{FOLDER_TAG}": folders}},
        }
    )


def read(place: Place, environment: str) -> str:
    """What a session that reads may do: read the secrets of its folder, and of no other.

    Secrets Manager adds six characters to a secret's ARN, which the last star takes:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html; its own key
    asks for no right of KMS.
    """
    folder = f"${{aws:PrincipalTag/{FOLDER_TAG}}}"
    return iam.document(
        {
            "Effect": "Allow",
            "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            "Resource": place.arn("secretsmanager", f"secret:{naming.secret(environment, folder, '*')}"),
        }
    )


def _route53(place: Place, resource: str) -> str:
    return f"arn:{place.partition}:route53:::{resource}"
