import pytest

from components import scheduling
from infra.environment.pools import GPU_TAINT, NEURON_TAINT, Pool, Taint


def pool(instance: str, **fields: object) -> Pool:
    return Pool.model_validate({"instances": [instance], **fields})


def test_replicas_go_to_other_zones_and_nodes_where_there_are_any() -> None:
    zone, node = scheduling.spread({"app": "x"})
    assert zone["topologyKey"] == "topology.kubernetes.io/zone"
    assert node["topologyKey"] == "kubernetes.io/hostname"
    for one in (zone, node):
        assert one["labelSelector"] == {"matchLabels": {"app": "x"}}
        assert (one["maxSkew"], one["whenUnsatisfiable"]) == (1, "ScheduleAnyway")


def test_containers_are_sure_of_something_and_memory_has_an_end() -> None:
    assert scheduling.resources("100m", "1Gi") == {
        "requests": {"cpu": "100m", "memory": "1Gi"},
        "limits": {"memory": "1Gi"},
    }
    assert scheduling.resources("100m", "1Gi", most="2Gi")["limits"] == {"memory": "2Gi"}


def test_daemons_tolerate_what_their_pools_have_once() -> None:
    found = scheduling.tolerations(
        [
            pool("g6.xlarge"),
            pool("g5.xlarge"),
            pool("p5.4xlarge", sharing={"mig": "1g.10gb"}),
            pool("g6.xlarge", taints=[{"key": "team", "value": "fraud", "effect": "NoExecute"}]),
            pool("g6.xlarge", taints=[]),
        ]
    )
    assert found == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "nvidia.com/mig-1g.10gb", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "team", "operator": "Exists", "effect": "NoExecute"},
    ]


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "nvidia.com/gpu", "value": "true"}, True),
        ({"key": "nvidia.com/gpu", "operator": "Equal", "value": "other"}, False),
        ({"key": "nvidia.com/gpu"}, False),
        ({"key": "CriticalAddonsOnly", "operator": "Exists"}, False),
    ],
)
def test_tolerations_are_judged_as_kubernetes_does(toleration: dict[str, str], expected: bool) -> None:
    assert scheduling.tolerates(toleration, GPU_TAINT) is expected


def test_what_is_made_for_a_pool_is_let_onto_it_and_not_onto_others() -> None:
    (made,) = scheduling.tolerations([pool("trn1.32xlarge")])
    assert scheduling.tolerates(made, NEURON_TAINT)
    assert not scheduling.tolerates(made, GPU_TAINT)
    assert not scheduling.tolerates(made, Taint(key=NEURON_TAINT.key, effect="NoExecute"))


def test_an_affinity_names_pools() -> None:
    affinity = scheduling.only_on({"serve": 1, "batch": 2})["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [
        {"key": "mlcluster.io/pool", "operator": "In", "values": ["batch", "serve"]}
    ]
