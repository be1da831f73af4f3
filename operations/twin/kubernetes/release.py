"""Helm releases: installed by Helm where it and the chart can be had, recorded elsewhere.

A chart is taken from the local mirror (`mirror`) and applied by Helm (`helm`), hooks and all, on the control
plane. A release whose chart is not there, or for which there is no Helm, is recorded as Helm would record it,
with its values (`records`), and its kinds are made known to the API server (`definitions`). Which of the two
it was, and which kinds are only stubs, is said in the release's `status.description`, in `helm history`, in
the twin's log and, while the engine runs, as a diagnostic of the release: a warning where there are stubs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from operations.twin import notices
from operations.twin.backend import UNKNOWN, Diff, PartlyCreated, Refused
from operations.twin.kubernetes import definitions, helm, leaving, mirror, records
from operations.twin.kubernetes.api import Api, ApiError, Ref
from operations.twin.kubernetes.helm import Helm, HelmFailed, HelmMissing
from operations.twin.kubernetes.mirror import Chart, NotMirrored
from operations.twin.kubernetes.naming import generate
from operations.twin.kubernetes.records import Revision
from operations.twin.kubernetes.values import differences, holds_unknown, plain

logger = logging.getLogger(__name__)

_REPLACED: Final = frozenset({"name", "namespace"})
_COMPUTED: Final = ("checksum", "resourceNames")
"""Inputs that say what a chart renders to, so that a changed chart is a difference."""


class _OnlyRecorded(Exception):
    """The release cannot be installed for real; says why."""


class Releases:
    """The Helm releases of one cluster."""

    def __init__(self, api: Api, helm: Helm | None = None) -> None:
        """Serves releases on `api`; without `helm`, in memory, they are recorded only, without kinds."""
        self._api = api
        self._helm = helm

    def check(
        self, urn: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Returns inputs with defaults and what tells their rendering; a failure if it cannot be rendered."""
        inputs = _with_defaults(urn, olds, news, seed)
        if holds_unknown(inputs):
            return inputs, []
        try:
            program, chart = self._installable(inputs)
            manifest = program.render(chart, inputs)
        except _OnlyRecorded:
            # A chart that left the mirror after it was installed is no change of the release.
            return {**inputs, **_computed(olds)} if _same(inputs, olds) else inputs, []
        except HelmFailed as error:
            return inputs, [("chart", str(error))]
        names = helm.resource_names(manifest)
        return {**inputs, "checksum": helm.checksum(manifest), "resourceNames": names}, []

    def install(self, news: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Installs or records the first revision of a release; refused when one of that name is there."""
        name, namespace = news["name"], news["namespace"]
        before = records.latest(self._api, namespace, name)
        if before is not None and not before.pending:
            raise Refused(
                f"helm release {namespace}/{name} exists already: import it, or choose another name"
            )
        return f"{namespace}/{name}", self._apply(news, before)

    def upgrade(self, news: Mapping[str, Any]) -> dict[str, Any]:
        """Installs or records the next revision."""
        return self._apply(news, records.latest(self._api, news["namespace"], news["name"]))

    def read(self, id_: str, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Returns a release's (inputs, state) as the cluster has them; None when it is gone."""
        namespace, _slash, name = id_.rpartition("/")
        revision = records.latest(self._api, namespace or "default", name)
        if revision is None:
            return None
        content = revision.content
        chart = content["chart"]["metadata"]["name"]
        live = {"chart": chart, **inputs, "name": name, "namespace": content["namespace"]}
        config = content.get("config") or {}
        # The engine sends files without their content then, so what came from them cannot be told from drift.
        if not inputs.get("valueYamlFiles") and config != helm.values_of(inputs):
            live["values"] = config
        return live, _state(live, revision)

    def uninstall(self, id_: str, state: Mapping[str, Any]) -> None:
        """Removes a release; one that is gone already is fine."""
        namespace, _slash, name = id_.rpartition("/")
        revision = records.latest(self._api, namespace or "default", name)
        if revision is None:
            return
        if revision.recorded:
            self._forget(revision)
            return
        if self._helm is None:
            raise Refused(f"helm release {id_} was installed on a control plane: this twin has none")
        try:
            with leaving.helped(self._api, _definitions(revision)):
                self._helm.uninstall(name, namespace or "default", state)
        except (HelmFailed, HelmMissing) as error:
            raise Refused(f"helm release {id_}: {error}") from error

    def _apply(self, news: Mapping[str, Any], before: Revision | None) -> dict[str, Any]:
        try:
            program, chart = self._installable(news)
        except _OnlyRecorded as why:
            if before is not None and not before.recorded:
                message = f"it was installed from its chart and cannot be changed without it: {why}"
                raise Refused(f"helm release {_id(news)}: {message}") from None
            return self._record(news, before, str(why))
        return self._run(program, chart, news, before)

    def _installable(self, inputs: Mapping[str, Any]) -> tuple[Helm, Chart]:
        if self._helm is None:
            raise _OnlyRecorded("the twin keeps its objects in memory")
        try:
            chart = mirror.find(mirror.folder(), inputs["chart"], str(inputs.get("version") or ""))
            self._helm.program()
        except (NotMirrored, HelmMissing) as error:
            raise _OnlyRecorded(str(error)) from error
        return self._helm, chart

    def _run(
        self, program: Helm, chart: Chart, news: Mapping[str, Any], before: Revision | None
    ) -> dict[str, Any]:
        """Lets Helm do it; a release that it leaves behind when it fails is a resource that is not ready."""
        if before is not None and before.pending:
            # The Helm that was at it was killed with the twin: calls for one release never overlap.
            records.write(self._api, before.with_status("failed"))
        adopted = before is not None and before.recorded
        if before is not None and adopted:
            definitions.remove(self._api, self._unneeded(before), frozenset())
        try:
            if before is None:
                program.install(chart, news)
            else:
                program.upgrade(chart, {**news, "takeOwnership": adopted or news.get("takeOwnership")})
        except (HelmFailed, HelmMissing) as error:
            message = _explained(news, error)
            left = records.latest(self._api, news["namespace"], news["name"])
            if left is None:
                raise Refused(message) from error
            raise PartlyCreated(message, _id(news), _state(news, left)) from error
        revision = records.latest(self._api, news["namespace"], news["name"])
        if revision is None:
            raise Refused(f"helm release {_id(news)} was removed while it was installed")
        logger.info("helm release %s: revision %d of %s", _id(news), revision.number, chart.path)
        return _state(news, revision)

    def _record(self, news: Mapping[str, Any], before: Revision | None, why: str) -> dict[str, Any]:
        inputs = {**news, "values": helm.values_of(news)}
        made: dict[str, bool] = {}
        brought, lenient = why, False
        try:
            if before is None and news.get("createNamespace"):
                self._make_namespace(news["namespace"])
            if self._helm is not None:
                made, brought, lenient = self._define(inputs, why)
            revision = Revision(_content(inputs, before, made, f"recorded, not installed: {brought}"), True)
            records.write(self._api, revision)
            if before is not None:
                records.write(self._api, before.with_status("superseded"))
        except ApiError as error:
            raise Refused(_explained(news, error)) from error
        told = f"helm release {_id(news)}: {revision.content['info']['description']}"
        logger.warning(told)
        notices.say("warning" if lenient else "info", told)
        return _state(news, revision)

    def _define(self, inputs: Mapping[str, Any], why: str) -> tuple[dict[str, bool], str, bool]:
        """Makes a release's kinds known.

        Returns which, and whether Helm would remove them; a note; whether objects of theirs are not judged.
        """
        chart = mirror.basename(inputs["chart"])
        skip = bool(inputs.get("skipCrds"))
        wanted = definitions.wanted(chart, inputs["values"], skip_crds=skip, root=mirror.folder())
        definitions.install(self._api, (manifest for _origin, manifest in wanted.manifests.values()))
        made = {name: name in wanted.removed for name in wanted.manifests}
        return made, f"{why}; {wanted.note}", wanted.lenient

    def _forget(self, revision: Revision) -> None:
        """Removes every revision of a recorded release, and the definitions that only it needed."""
        going = self._unneeded(revision)
        for each in records.revisions(self._api, revision.ref.namespace, revision.content["name"]):
            # In the foreground they would stay until the garbage collector has looked at them.
            self._api.delete(each.ref, propagation="Background")
        made = revision.content.get("definitions") or {}
        definitions.remove(self._api, going, frozenset(name for name in going if made[name]))

    def _unneeded(self, revision: Revision) -> frozenset[str]:
        """Returns the definitions that no other recorded release has."""
        made = revision.content.get("definitions") or {}
        if not made:
            return frozenset()
        own = (revision.ref.namespace, revision.content["name"])
        others = (
            other.content.get("definitions") or {}
            for other in records.revisions(self._api)
            if other.recorded and other.status == "deployed"
            and (other.ref.namespace, other.content["name"]) != own
        )  # fmt: skip
        return frozenset(made).difference(*others)

    def _make_namespace(self, name: str) -> None:
        if self._api.get(Ref("v1", "Namespace", name)) is None:
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self._api.apply(namespace, manager=records.MANAGER)


def diff(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Diff:
    """Compares inputs; a release keeps its name and namespace."""
    changed = tuple(sorted({path[0] for path in differences(plain(olds), plain(news))}))
    return Diff(changed, tuple(key for key in changed if key in _REPLACED))


def preview(news: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what is known of a release before it is installed."""
    return {"resourceNames": UNKNOWN, **news, "status": UNKNOWN}


def _with_defaults(urn: str, olds: Mapping[str, Any], news: Mapping[str, Any], seed: bytes) -> dict[str, Any]:
    inputs = {key: value for key, value in news.items() if value is not None and key not in _COMPUTED}
    name = inputs.get("name") or olds.get("name") or generate(urn, seed)
    namespace = inputs.get("namespace") or "default"
    timeout = {} if inputs.get("skipAwait") else {"timeout": inputs.get("timeout", helm.TIMEOUT_S)}
    return {**inputs, "name": name, "namespace": namespace, **timeout}


def _computed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {key: inputs[key] for key in _COMPUTED if key in inputs}


def _same(news: Mapping[str, Any], olds: Mapping[str, Any]) -> bool:
    return not diff({key: value for key, value in olds.items() if key not in _COMPUTED}, news).changed


def _definitions(revision: Revision) -> tuple[Ref, ...]:
    """The definitions among a release's objects."""
    names = helm.resource_names(revision.content.get("manifest") or "")
    return tuple(definitions.ref_of(name) for name in names.get(definitions.KEY, ()))


def _id(inputs: Mapping[str, Any]) -> str:
    return f"{inputs['namespace']}/{inputs['name']}"


def _explained(inputs: Mapping[str, Any], error: Exception) -> str:
    namespace = inputs["namespace"]
    homeless = f'namespaces "{namespace}" not found' in str(error)
    hint = "; set createNamespace, or depend on the namespace" if homeless else ""
    return f"helm release {_id(inputs)}: {error}{hint}"


def _content(
    inputs: Mapping[str, Any], before: Revision | None, made: Mapping[str, bool], description: str
) -> dict[str, Any]:
    """Returns a recorded revision as Helm has one in JSON; Helm does not look at `definitions`."""
    now = datetime.now(UTC).isoformat()
    first = before.content["info"]["first_deployed"] if before else now
    chart = {
        "name": mirror.basename(inputs["chart"]),
        "version": inputs.get("version", ""),
        "apiVersion": "v2",
    }
    return {
        "name": inputs["name"],
        "namespace": inputs["namespace"],
        "version": before.number + 1 if before else 1,
        "info": {
            "first_deployed": first, "last_deployed": now, "status": "deployed", "description": description
        },
        "chart": {"metadata": chart},
        "config": inputs["values"],
        "manifest": "",
        "definitions": dict(made),
    }  # fmt: skip


def _state(inputs: Mapping[str, Any], revision: Revision) -> dict[str, Any]:
    content = revision.content
    chart = content["chart"]["metadata"]
    status = {
        "name": content["name"],
        "namespace": content["namespace"],
        "revision": revision.number,
        "status": revision.status,
        "chart": chart["name"],
        "version": chart["version"],
        "appVersion": chart.get("appVersion", ""),
        "description": content["info"].get("description", ""),
    }
    names = helm.resource_names(content.get("manifest") or "")
    return {**plain(inputs), "status": status, "resourceNames": names}
