"""Latencies: every type that is used has figures, and what is not known is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog import latencies
from infra.catalog.latencies import latency
from tests.infra.catalog.aws_types import AWS_TYPES, exists_in_sdk


@pytest.mark.parametrize("type_token", AWS_TYPES)
def test_every_aws_type_has_figures_of_its_own(type_token: str) -> None:
    assert type_token in latencies.known()
    assert exists_in_sdk(type_token)
    found = latency(type_token)
    assert found.create_s > 0
    assert found.update_s > 0
    assert found.delete_s >= 0
    assert found.source


def test_no_figures_for_types_that_do_not_exist() -> None:
    strays = [known for known in latencies.known() if known.startswith("aws:") and not exists_in_sdk(known)]
    assert not strays


def test_a_node_group_depends_on_what_it_starts() -> None:
    plain = latency("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"desiredSize": 2.0}})
    empty = latency("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"desiredSize": 0.0}})
    gpus = latency(
        "aws:eks/nodeGroup:NodeGroup",
        {"scalingConfig": {"desiredSize": 2}, "amiType": "AL2023_x86_64_NVIDIA"},
    )
    assert empty.create_s < plain.create_s < gpus.create_s
    assert plain == latency("aws:eks/nodeGroup:NodeGroup")
    assert gpus.delete_s == plain.delete_s
    assert gpus.estimate
    assert not plain.estimate


def test_what_lives_in_the_engine_takes_no_time() -> None:
    for type_token in ("pulumi:providers:aws", "pulumi:pulumi:StackReference", "pulumi:pulumi:Stack"):
        found = latency(type_token)
        assert (found.create_s, found.update_s, found.delete_s) == (0, 0, 0)


def test_kinds_without_figures_have_their_packages() -> None:
    quota = latency("kubernetes:core/v1:ResourceQuota")
    assert quota.estimate
    assert quota == latency("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
    assert latency("kubernetes:core/v1:Namespace").delete_s > quota.delete_s


@given(st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_any_type_and_any_inputs_get_an_answer(type_token: str, inputs: dict[str, object]) -> None:
    found = latency(type_token, inputs)
    assert found.create_s >= 0
    assert found.estimate or type_token.startswith("pulumi")
