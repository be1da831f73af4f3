"""Load balancers and names: what their controllers are told, and who they are."""

from __future__ import annotations

from typing import Any

import pulumi

from components.cluster import controller_policies, external_dns, load_balancer
from components.cluster.controllers import LOAD_BALANCERS, NAMES
from components.cluster.external_dns import ExternalDns, ExternalDnsArgs
from components.cluster.load_balancer import LoadBalancers, LoadBalancersArgs
from infra.labels import ENVIRONMENT_TAG
from tests.components.chart_values import unknown_paths
from tests.components.support import PLACE, SCOPE, Found, cluster, network, record_component, statements

BASE = "test.ml.example.com"


def balancers(replicas: int = 2) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = LoadBalancersArgs(
            scope=SCOPE, place=PLACE, cluster=cluster(), network=network(), replicas=replicas
        )
        LoadBalancers("load-balancers", args, opts)

    return record_component(build)


def names(*, private: bool = False) -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        args = ExternalDnsArgs(
            scope=SCOPE, place=PLACE, cluster=cluster(), zone="Z1", base=BASE, private=private
        )
        ExternalDns("external-dns", args, opts)

    return record_component(build)


def balancer_values(replicas: int = 2) -> dict[str, Any]:
    return dict(balancers(replicas).inputs("Release")["values"])


def test_charts_have_the_values() -> None:
    for replicas in (1, 2):
        assert unknown_paths("aws-load-balancer-controller", balancer_values(replicas)) == []
    assert unknown_paths("external-dns", names().inputs("Release")["values"]) == []
    assert unknown_paths("external-dns", {"zoneIdFilters": ["Z1"]}) == ["zoneIdFilters"]


def test_the_controller_is_told_what_it_cannot_ask_its_node_for() -> None:
    values = balancer_values()
    assert (values["clusterName"], values["region"], values["vpcId"]) == (
        cluster().name,
        PLACE.region,
        "vpc-1",
    )


def test_controllers_run_under_the_accounts_that_have_their_rights() -> None:
    for found, account in ((balancers(), LOAD_BALANCERS), (names(), NAMES)):
        release = found.inputs("Release")
        made = release["values"]["serviceAccount"]
        assert (release["namespace"], made["name"]) == account
        assert made["create"] is True


def test_services_can_be_made_while_the_controller_is_not_there() -> None:
    assert balancer_values()["enableServiceMutatorWebhook"] is False


def test_it_does_only_what_it_may() -> None:
    policy = controller_policies.load_balancers(PLACE, cluster().name)
    may = {action for one in statements(policy) for action in one["Action"]}
    assert not {"wafv2:AssociateWebACL", "shield:CreateProtection"} & may
    assert "waf-regional" not in policy
    values = balancer_values()
    assert [values[name] for name in ("enableWaf", "enableWafv2", "enableShield")] == [False] * 3


def test_what_it_makes_can_be_found_by_its_tags() -> None:
    assert balancer_values()["defaultTags"][ENVIRONMENT_TAG] == SCOPE.environment


def test_load_balancers_are_internal_unless_they_say_otherwise() -> None:
    values = balancer_values()
    assert (values["defaultLoadBalancerScheme"], values["defaultTargetType"]) == ("internal", "ip")


def test_gateways_are_left_to_the_mesh() -> None:
    gates = balancer_values()["controllerConfig"]["featureGates"]
    assert gates == {"NLBGatewayAPI": False, "ALBGatewayAPI": False, "GatewayListenerSet": False}


def test_one_of_two_pods_may_go_and_the_only_one_may_too() -> None:
    assert balancer_values(2)["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert balancer_values(1)["podDisruptionBudget"] == {}


def arguments(found: Found) -> list[str]:
    return list(found.inputs("Release")["values"]["extraArgs"])


def test_records_are_written_in_one_zone_below_one_name() -> None:
    values = names().inputs("Release")["values"]
    assert values["domainFilters"] == [BASE]
    assert "--zone-id-filter=Z1" in values["extraArgs"]
    assert values["txtOwnerId"] == cluster().name
    assert values["policy"] == "sync"


def test_a_zone_of_the_domain_above_is_looked_at_too() -> None:
    assert "--aws-zone-match-parent" in arguments(names())


def test_the_zone_is_of_the_kind_that_is_said() -> None:
    assert "--aws-zone-type=public" in arguments(names())
    assert "--aws-zone-type=private" in arguments(names(private=True))


def test_marks_of_records_have_names_of_their_own() -> None:
    values = names().inputs("Release")["values"]
    assert values["txtPrefix"] == external_dns.PREFIX
    assert any(one.startswith("--txt-wildcard-replacement=") for one in values["extraArgs"])


def test_rights_to_write_names_end_where_the_filter_does() -> None:
    _look, write, _read = statements(controller_policies.names(PLACE, ["Z1"], BASE))
    (pattern,) = write["Condition"]["ForAllValues:StringLike"][
        "route53:ChangeResourceRecordSetsNormalizedRecordNames"
    ]
    assert pattern == f"*.{BASE}"


def test_the_namespace_takes_only_pods_without_rights_and_goes_after_the_chart() -> None:
    found = names()
    labels = found.inputs("Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert "Namespace::external-dns" in found.before(found.one("Release"))


def test_containers_say_what_they_need() -> None:
    for values in (balancer_values(), names().inputs("Release")["values"]):
        assert values["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in values["resources"]["limits"]


def test_values_are_made_without_pulumi() -> None:
    made = load_balancer.values("c", "eu-west-1", "vpc-1", replicas=1, tags={})
    assert made["vpcId"] == "vpc-1"
