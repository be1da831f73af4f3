"""One configured aws provider of the twin: the engine's operations on the table of types."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.twin.aws import faults, invokes, naming, operation, rules
from operations.twin.aws.cloud import DEFAULT_ACCOUNT, LOCK, ApiError, Cloud, account_of, regions
from operations.twin.aws.operation import Operation
from operations.twin.aws.table import Type
from operations.twin.aws.types import TYPES
from operations.twin.aws.values import changed_paths, given, observed, same, under, unknown
from operations.twin.backend import UNKNOWN, Diff, PartlyCreated, Refused

_IGNORED: Final = frozenset(
    {
        "version",
        "secretKey",
        "token",
        "profile",
        "maxRetries",
        "skipCredentialsValidation",
        "skipMetadataApiCheck",
        "skipRegionValidation",
        "skipRequestingAccountId",
        "s3UsePathStyle",
    }
)
"""Provider settings that make no difference here; any other than these and those used is refused."""


class AwsSession:
    """What one provider of a program sees of the twin: its account, in its region."""

    def __init__(
        self, cloud: Callable[[str], Cloud], waiting: faults.Faults, changed: Callable[[str], None]
    ) -> None:
        """Gets accounts from `cloud`, faults from `waiting`; tells `changed` the type of what it changed."""
        self._cloud_of = cloud
        self._faults = waiting
        self._changed = changed
        self._cloud: Cloud | None = None
        self.region = ""

    @property
    def cloud(self) -> Cloud:
        """The account; refuses before `configure`."""
        if self._cloud is None:
            raise Refused("the aws provider is not configured")
        return self._cloud

    def configure(self, config: Mapping[str, Any]) -> None:
        """Chooses account and region, and refuses an account that the program must not touch.

        The access key says whose account it is, as in AWS. A key that is not the twin's, or none, is taken
        for one of the first allowed account.
        """
        settings = {key: _decoded(key, value) for key, value in config.items() if value not in (None, "")}
        allowed = [str(account) for account in settings.pop("allowedAccountIds", [])]
        forbidden = [str(account) for account in settings.pop("forbiddenAccountIds", [])]
        account = account_of(settings.pop("accessKey", "")) or next(iter(allowed), DEFAULT_ACCOUNT)
        region = settings.pop("region", "")
        strange = sorted(settings.keys() - _IGNORED)
        if strange:
            raise Refused(f"the twin does not know the setting {strange[0]} of the aws provider yet")
        if region not in regions():
            raise Refused(f"region: {region!r} is not an AWS region; set aws:region")
        if (allowed and account not in allowed) or account in forbidden:
            raise Refused(
                f"AWS account ID not allowed: {account}; allowed are {', '.join(allowed) or 'others'}"
            )
        self.region = region
        self._cloud = self._cloud_of(account)

    def check(
        self, urn: str, type_: str, olds: Mapping[str, Any], news: Mapping[str, Any], autoname_seed: bytes
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Adds defaults and a name; fails for inputs that are missing, unknown to the twin, or do not fit."""
        known = _type(type_)
        inputs = given({key: value for key, value in news.items() if key != naming.DEFAULTED})
        failures = [(name, "is required") for name in known.required if name not in inputs]
        failures += [
            (name, f"the twin does not know this property of {type_} yet")
            for name in sorted(inputs.keys() - known.inputs)
        ]
        defaulted = {name: value for name, value in known.defaults.items() if name not in inputs}
        if known.name is not None:
            name = naming.generated(known.name, urn, olds, inputs, autoname_seed)
            if name is not None:
                defaulted[known.name.property] = name
        inputs |= defaulted
        if known.name is not None:
            failures += naming.problems(known.name, inputs)
        if inputs.get("region", self.region) not in (*regions(), UNKNOWN):
            failures.append(("region", f"{inputs['region']!r} is not an AWS region"))
        if not failures:
            judges = (*known.rules, rules.tags) if known.taggable else known.rules
            failures = [failure for judge in judges for failure in judge(inputs)]
        return {**inputs, naming.DEFAULTED: sorted(defaulted)}, failures

    def diff(
        self,
        type_: str,
        id_: str,  # noqa: ARG002 - the protocol's; the table goes by inputs
        old_inputs: Mapping[str, Any],
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
    ) -> Diff:
        """Compares inputs; what forces a replacement is in the table."""
        known = _type(type_)
        olds, wanted = _own(known, old_inputs), _own(known, news)
        changed = [
            name for name in sorted(olds.keys() | wanted.keys()) if _changed(known, name, olds, wanted)
        ]
        changed = [name for name in changed if name != "region"]
        if known.regional and wanted.get("region", self.region) != old_state.get("region", self.region):
            changed.append("region")
        forced = known.replace
        if known.replaces is not None:
            forced |= known.replaces(olds, wanted)
        replaces = tuple(
            name for name in changed if name == "region" or _forces(known, name, olds, wanted, forced)
        )
        named = known.name is not None and _keeps_name(known.name.property, old_inputs, news)
        return Diff(tuple(changed), replaces, known.delete_before_replace or named)

    def preview(self, urn: str, type_: str, news: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - protocol
        """Returns the inputs, and `UNKNOWN` for what creation will tell."""
        known = _type(type_)
        inputs = _own(known, news)
        state: dict[str, Any] = {**dict.fromkeys(known.outputs, UNKNOWN), **inputs}
        for name, members in known.partly.items():
            if isinstance(inputs.get(name), Mapping):
                state[name] = {**dict.fromkeys(members, UNKNOWN), **inputs[name]}
        if known.regional:
            state["region"] = inputs.get("region", self.region)
        if known.taggable:
            state["tags"] = state["tagsAll"] = inputs.get("tags", {})
        return state

    def create(
        self,
        urn: str,  # noqa: ARG002 - the protocol's
        type_: str,
        news: Mapping[str, Any],
        timeout: float,  # noqa: ARG002 - nothing takes time here
    ) -> tuple[str, dict[str, Any]]:
        """Creates; what exists when a later step is refused is reported as `PartlyCreated`."""
        known = _type(type_)
        inputs = _own(known, news)
        if known.name is not None and known.name.property not in inputs:
            prefix = known.name.prefix or ""
            inputs[known.name.property] = known.name.form.format(naming.completed(inputs[prefix]))
        try:
            with LOCK:
                return self._create(known, inputs)
        finally:
            self._changed(type_)

    def _create(self, known: Type, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        fault = self._faults.strike(known.type)
        if fault is not None and not fault.partly:
            raise faults.error(fault)
        made = self._operation(known, inputs)
        try:
            operation.create(made)
            if fault is not None:
                raise faults.error(fault)
        except ApiError as problem:
            if not made.id:
                raise
            raise PartlyCreated(str(problem), made.id, self._state(made)) from None
        return made.id, self._state(made)

    def read(
        self, type_: str, id_: str, inputs: Mapping[str, Any], state: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Reads it from AWS; on import, without inputs and state, what the id says must do."""
        known = _type(type_)
        remembered = {**_of_id(known, id_), **_own(known, state), **_own(known, inputs)}
        with LOCK:
            found = operation.state(self._operation(known, remembered, id_))
        if found is None:
            return None
        if not inputs and not state:
            return {name: found[name] for name in known.inputs & found.keys()}, found
        return _seen(known, inputs, found), found

    def update(  # noqa: PLR0913, PLR0917 - the engine's own call carries all of these
        self,
        urn: str,  # noqa: ARG002 - the protocol's
        type_: str,
        id_: str,
        old_state: Mapping[str, Any],
        news: Mapping[str, Any],
        timeout: float,  # noqa: ARG002 - nothing takes time here
        preview: bool,
    ) -> dict[str, Any]:
        """Changes in place what differs from the state."""
        known = _type(type_)
        inputs = _own(known, news)
        if known.name is not None:
            inputs.setdefault(known.name.property, old_state.get(known.name.property))
        if preview:
            return _expected(known, old_state, inputs)
        try:
            with LOCK:
                changing = self._operation(known, inputs, id_, old_state)
                operation.update(changing)
                return self._state(changing)
        finally:
            self._changed(type_)

    def delete(
        self,
        urn: str,  # noqa: ARG002 - the protocol's
        type_: str,
        id_: str,
        state: Mapping[str, Any],
        timeout: float,  # noqa: ARG002 - nothing takes time here
    ) -> None:
        """Deletes, unless something depends on it."""
        known = _type(type_)
        try:
            with LOCK:
                operation.delete(self._operation(known, _own(known, state), id_, state))
        finally:
            self._changed(type_)

    def invoke(self, token: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Answers the functions of `invokes`."""
        found = invokes.INVOKES.get(token)
        if found is None:
            raise Refused(f"the twin does not know function {token} yet")
        with LOCK:
            return found(self.cloud, str(args.get("region") or self.region), given(args))

    def _operation(
        self, known: Type, inputs: Mapping[str, Any], id_: str = "", old: Mapping[str, Any] | None = None
    ) -> Operation:
        old = old or {}
        region = str(inputs.get("region") or old.get("region") or self.region)
        made = Operation(known, self.cloud, region, inputs, id_=id_)
        made.old = old
        return made

    def _state(self, found: Operation) -> dict[str, Any]:
        state = operation.state(found)
        if state is None:
            raise ApiError("NotFound", f"{found.type.word} {found.id} does not exist any more")
        return state


def _decoded(key: str, value: Any) -> Any:
    """A provider setting as it was written; SDKs encode all but texts as JSON."""
    if not isinstance(value, str) or key in (
        "region",
        "accessKey",
        "secretKey",
        "token",
        "profile",
        "version",
    ):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _type(token: str) -> Type:
    found = TYPES.get(token)
    if found is None:
        raise Refused(f"the twin does not know type {token} yet")
    return found


def _own(known: Type, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs among properties, those without a value left out."""
    return given({name: value for name, value in properties.items() if name in known.inputs})


def _changed(known: Type, name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    if name not in news and name in known.kept:
        return False
    return not same(olds.get(name), news.get(name), ordered=name in known.ordered)


def _forces(
    known: Type, name: str, olds: Mapping[str, Any], news: Mapping[str, Any], forced: frozenset[str]
) -> bool:
    paths = changed_paths(olds.get(name), news.get(name), name, ordered=name in known.ordered)
    return any(under(path, forced) for path in paths)


def _keeps_name(name: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether the program itself names the resource, and as before: the old one must go first."""
    chosen = name in news and name not in news.get(naming.DEFAULTED, ())
    return chosen and same(olds.get(name), news[name])


def _seen(known: Type, inputs: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as they really are: those given before, and what was added where nothing else may be."""
    seen = {}
    for name, wanted in inputs.items():
        if name not in known.outputs or unknown(wanted):
            seen[name] = wanted
        elif name in found:
            exact = name in known.exact
            seen[name] = found[name] if exact else observed(found[name], wanted)
    return seen | {name: found[name] for name in known.exact if name not in seen and found.get(name)}


def _expected(known: Type, old_state: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the state will be after an update, as far as it is known before."""
    gone = known.inputs - inputs.keys() - known.kept - {"region"}
    state = {name: value for name, value in old_state.items() if name not in gone}
    for name, value in inputs.items():
        before = old_state.get(name)
        merged = isinstance(value, Mapping) and isinstance(before, Mapping) and name in known.partly
        state[name] = {**before, **value} if merged else value  # type: ignore[dict-item]  # merged: it is a mapping
    state |= dict.fromkeys(known.volatile, UNKNOWN)
    if known.taggable:
        state["tagsAll"] = inputs.get("tags", {})
    return state


def _of_id(known: Type, id_: str) -> dict[str, str]:
    """The inputs that an id is made of: "cluster:group" tells both."""
    if "{" not in known.id:
        return {}
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(known.id))
    match = re.fullmatch(pattern, id_)
    return {} if match is None else {k: v for k, v in match.groupdict().items() if k in known.inputs}
