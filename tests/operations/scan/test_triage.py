"""Exceptions, and what they except."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.problems import BadInput
from operations.scan import checkov, kube_score, triage
from operations.scan.findings import CHECKOV, Finding

REASON = "because it is so and not otherwise"


def finding(resource: str = "aws_vpc.network", environment: str = "dev", check: str = "CKV_1") -> Finding:
    return Finding(scanner=CHECKOV, check=check, resource=resource, environment=environment, title="a title")


def allowance(*resources: str, environments: tuple[str, ...] = ()) -> triage.Allowance:
    return triage.Allowance(
        scanner=CHECKOV, check="CKV_1", resources=resources, reason=REASON, environments=environments
    )


def test_a_finding_stands_only_where_check_resource_and_environment_are_named() -> None:
    let = [allowance("aws_vpc.*", environments=("dev",))]
    others = [finding(environment="prod"), finding("aws_subnet.a"), finding(check="CKV_2")]
    verdict = triage.judge([finding(), *others], let)
    assert verdict.excepted == (finding(),)
    assert verdict.open == tuple(others)
    assert verdict.unused == ()


def test_each_pattern_that_excepts_nothing_is_told() -> None:
    verdict = triage.judge([finding()], [allowance("aws_vpc.network", "aws_vpc.other")])
    assert verdict.unused == ("checkov CKV_1 aws_vpc.other",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{{scanner: other, check: A, resources: [a], reason: {REASON}}}", "is no scanner of ours"),
        (f"{{scanner: checkov, check: A, resources: ['*'], reason: {REASON}}}", "nothing or everything"),
        (f"{{scanner: checkov, check: A, resources: [], reason: {REASON}}}", "nothing or everything"),
        ("{scanner: checkov, check: A, resources: [a], reason: so}", "is no reason"),
        (f"{{scanner: checkov, check: A, reason: {REASON}}}", "is no exception"),
        (f"{{scanner: checkov, check: A, resources: [a], until: x, reason: {REASON}}}", "is no exception"),
    ],
)
def test_what_is_no_exception_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "triage.yaml"
    file.write_text(f"exceptions:\n  - {text}\n", "utf-8")
    with pytest.raises(BadInput, match=complaint):
        triage.read(file)


def test_ours_can_be_read_and_each_has_a_reason_and_stands_once() -> None:
    ours = triage.read()
    assert ours
    keys = [(one.scanner, one.check, one.environments, pattern) for one in ours for pattern in one.resources]
    assert len(keys) == len(set(keys))


def test_checkovs_report_counts_over_frameworks_and_tells_what_it_could_not_read() -> None:
    failed = {"check_id": "CKV_1", "resource": "aws_vpc.network", "check_name": "a title"}
    results: dict[str, Any] = {"failed_checks": [failed], "parsing_errors": []}
    part = {"summary": {"passed": 3}, "results": results}
    nothing = {"passed": 0, "failed": 0}  # what it says where no file is of a framework
    found = checkov.report([part, part | {"results": {"failed_checks": []}}, nothing], "dev")
    assert (found.passed, found.checks, found.findings) == (6, 7, (finding(),))
    results["parsing_errors"] = ["tfplan.json"]
    with pytest.raises(checkov.ScanFailed, match="tfplan"):
        checkov.report(part, "dev")


def test_kube_scores_report_leaves_out_what_it_skipped() -> None:
    def check(name: str, grade: int, *, skipped: bool = False) -> dict[str, object]:
        comments = [{"summary": "is wrong"}]
        return {"check": {"id": name}, "grade": grade, "skipped": skipped, "comments": comments}

    one = {
        "type_meta": {"kind": "Job"},
        "object_meta": {"name": "a", "namespace": "b"},
        "checks": [check("bad", 1), check("warned", 5), check("fine", 10), check("other", 1, skipped=True)],
    }
    found = kube_score.report([one, {**one, "checks": None}], "dev")
    assert [(each.check, each.resource) for each in found.findings] == [
        ("bad", "Job.b.a"),
        ("warned", "Job.b.a"),
    ]
    assert (found.passed, found.checks) == (1, 3)
