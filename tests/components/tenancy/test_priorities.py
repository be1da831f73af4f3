import pulumi

from components.tenancy.priorities import PRIORITIES, Priorities, PrioritiesArgs, allowed, policy_spec
from infra.environment.teams import PHASES
from tests.components.support import SCOPE, Found, record_component


def recorded() -> Found:
    def build(opts: pulumi.ResourceOptions) -> None:
        Priorities("priorities", PrioritiesArgs(scope=SCOPE), opts)

    return record_component(build)


def test_serving_comes_before_training_and_training_before_exploration() -> None:
    classes = {one.inputs["metadata"]["name"]: one.inputs["value"] for one in recorded().all("PriorityClass")}
    assert set(classes) == set(PHASES)
    assert classes["serving"] > classes["training"] > classes["exploration"]


def test_who_says_nothing_counts_as_exploration_and_what_runs_the_cluster_more_than_all() -> None:
    assert PRIORITIES["exploration"] == 0  # what Kubernetes gives pods without a class
    assert max(PRIORITIES.values()) < 1_000_000_000  # above are Kubernetes' own
    assert not any(one.inputs.get("globalDefault") for one in recorded().all("PriorityClass"))


def test_a_phase_may_have_its_own_class_and_lower_ones() -> None:
    assert allowed("exploration") == ["exploration"]
    assert allowed("training") == ["exploration", "training"]
    assert allowed("serving") == ["exploration", "training", "serving"]


def test_the_rule_holds_in_teams_namespaces_and_says_no() -> None:
    spec = recorded().inputs("ValidatingAdmissionPolicyBinding")["spec"]
    (expression,) = spec["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert expression == {"key": "mlcluster.io/phase", "operator": "In", "values": list(PHASES)}
    assert spec["validationActions"] == ["Deny"]
    policy = recorded().inputs("ValidatingAdmissionPolicy")
    assert policy["metadata"]["name"] == spec["policyName"]
    assert policy["spec"]["failurePolicy"] == "Fail"


def test_the_table_is_in_the_rule() -> None:
    (rule,) = policy_spec()["validations"]
    assert "'training': ['exploration', 'training']" in rule["expression"]
