"""Kinds of values that several sections use: their form, the words for what is wrong, their schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    Strict,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from infra.catalog.instances import shapes
from infra.catalog.regions import regions
from infra.catalog.versions import versions
from infra.problems import Wrong, did_you_mean
from infra.units import DAY, ByteSize, Cpu, Duration


@dataclass(frozen=True)
class Form:
    """Marks a string that must have a certain form.

    Attributes:
        pattern: What the whole of it matches; also written to the JSON Schema, so both dialects must know it.
        wrong: The message when it does not.
        hint: What to write instead.
        example: A right one.
        longest: Characters that it may have.
    """

    pattern: str
    wrong: str
    hint: str
    example: str
    longest: int = 63

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        form = {"pattern": f"^{self.pattern}$", "maxLength": self.longest, "examples": [self.example]}
        return {**handler(schema), **form}

    def _checked(self, value: str) -> str:
        if len(value) > self.longest:
            raise Wrong(f"is {len(value)} characters long", f"write at most {self.longest}")
        if not re.fullmatch(self.pattern, value, re.ASCII):
            raise Wrong(self.wrong, self.hint)
        return value


@dataclass(frozen=True)
class OneOf:
    """Marks a string that must be among the names that a catalog knows.

    Attributes:
        known: Gives the names.
        kind: What they are names of.
    """

    known: Callable[[], Iterable[str]]
    kind: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "enum": list(self.known())}

    def _checked(self, value: str) -> str:
        if value not in self.known():
            raise Wrong(f"is not a known {self.kind}", did_you_mean(value, self.known()))
        return value


@dataclass(frozen=True)
class Within:
    """Marks a quantity that must lie within bounds; pydantic's own know no units.

    Attributes:
        least: The smallest allowed.
        most: The largest allowed; None: any.
    """

    least: ByteSize | Duration | Cpu
    most: ByteSize | Duration | Cpu | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: Any) -> Any:
        if value < self.least:
            raise Wrong(f"is below {self.least.written()}", f"write at least {self.least.written()}")
        if self.most is not None and value > self.most:
            raise Wrong(f"is above {self.most.written()}", f"write at most {self.most.written()}")
        return value


def _name(kind: str, longest: int, example: str) -> Form:
    """The form of names that become parts of DNS labels: environments, pools, teams."""
    return Form(
        pattern="[a-z]([a-z0-9-]*[a-z0-9])?",
        wrong=f"is not a name for {kind}",
        hint="write small letters, digits and hyphens, beginning with a letter and not ending with a hyphen",
        example=example,
        longest=longest,
    )


def _network(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", value, re.ASCII):
        raise Wrong("is not a range of IPv4 addresses", "write one with its length, such as 10.40.0.0/16")
    try:
        nearest = IPv4Network(value, strict=False)
    except ValueError:
        raise Wrong("is not a range of IPv4 addresses", "write one such as 10.40.0.0/16") from None
    if str(nearest) != value:
        raise Wrong("is not written by its first address", f"write {nearest}")
    return nearest


def _whole_days(value: Duration) -> Duration:
    if value % DAY or not value:
        raise Wrong("is not a whole number of days", "write days, such as 30d")
    return value


def _different(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise Wrong(f"has {', '.join(twice)} more than once", "write each once")
    return values


def _group_or_principal(value: str) -> str:
    if value.startswith("arn:") and not re.fullmatch(_PRINCIPAL, value, re.ASCII):
        raise Wrong(
            "is not the ARN of an IAM role or user",
            "write the role's own, not a session's, such as arn:aws:iam::111122223333:role/fraud-scientist",
        )
    return value


def _free(key: str) -> str:
    if re.search(r"(^|\.)(kubernetes\.io|k8s\.io|eks\.amazonaws\.com|mlcluster\.io)/", key):
        raise Wrong("is reserved", "choose a prefix of your own, such as example.com/tier")
    return key


EnvironmentName = Annotated[str, _name("an environment", 24, "staging")]
PoolName = Annotated[str, _name("a pool", 24, "train")]
TeamName = Annotated[str, _name("a team", 32, "fraud")]

LabelKey = Annotated[
    str,
    Form(
        pattern=r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
        wrong="is not a key that Kubernetes takes",
        hint="write up to 63 letters, digits, dots and hyphens, after a domain and a slash if you like",
        example="example.com/tier",
        longest=253 + 1 + 63,
    ),
]
LabelValue = Annotated[
    str,
    Form(
        pattern="([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?",
        wrong="is not a value that Kubernetes takes as a label",
        hint="write letters, digits, dots, hyphens and underscores, with a letter or digit at both ends",
        example="gold",
    ),
]
NodeLabelKey = Annotated[LabelKey, AfterValidator(_free)]

Owner = Annotated[
    str,
    Form(
        pattern="[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?",
        wrong="cannot be a label's value, and so not an owner",
        hint="write letters, digits, dots, hyphens and underscores, with a letter or digit at both ends",
        example="ml-platform",
    ),
]
Account = Annotated[
    str,
    Form(
        pattern="[0-9]{12}",
        wrong="is not an AWS account number",
        hint='write its 12 digits in quotes, such as "111122223333"',
        example="111122223333",
    ),
]
_PRINCIPAL = r"arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+"
Principal = Annotated[
    str,
    Form(
        pattern=_PRINCIPAL,
        wrong="is not the ARN of an IAM role or user",
        hint="write one such as arn:aws:iam::111122223333:role/platform-admin",
        example="arn:aws:iam::111122223333:role/platform-admin",
        longest=2048,
    ),
]
Email = Annotated[
    str,
    Form(
        pattern=r"[^@\s]+@[^@\s]+\.[^@\s.]+",
        wrong="is not an e-mail address",
        hint="write one such as ml-platform@example.com",
        example="ml-platform@example.com",
        longest=254,
    ),
]
Member = Annotated[
    str,
    Form(
        pattern=r"(?!system:)\S+",
        wrong="is not a group that may be a member",
        hint="write a name without blanks that your identity provider gives; system: is Kubernetes' own",
        example="oidc:fraud-scientists",
        longest=253,
    ),
    AfterValidator(_group_or_principal),
]
Context = Annotated[
    str,
    Form(
        pattern=r"\S+",
        wrong="is not the name of a context",
        hint="write one that `kubectl config get-contexts` lists",
        example="kind-lab",
        longest=253,
    ),
]

Region = Annotated[str, OneOf(regions, "region")]
InstanceType = Annotated[str, OneOf(shapes, "instance type")]
KubernetesVersion = Annotated[str, OneOf(versions, "Kubernetes version of EKS")]

Cidr = Annotated[
    IPv4Network,
    PlainValidator(_network),
    PlainSerializer(str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$",
            "examples": ["10.40.0.0/16"],
        }
    ),
]
Days = Annotated[Duration, AfterValidator(_whole_days)]
Count = Annotated[int, Strict(), Field(ge=0)]
Flag = Annotated[bool, Strict()]
Usd = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]

Different = AfterValidator(_different)
"""Marks a tuple of strings of which none may be there twice."""
