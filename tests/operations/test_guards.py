from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.environment import Environment, find, load
from infra.environment.kafka import Kafka
from infra.environment.postgres import Postgres
from infra.environment.storage import Storage
from infra.environment.storage.ceph import Ceph
from operations import guards
from operations.cost import Cost
from tests.infra.environment.samples import small


def changed(name: str, **fields: Mapping[str, Any]) -> Environment:
    """An environment with fields of its sections changed."""
    environment = load(find(name))
    sections = {
        section: getattr(environment, section).model_copy(update=dict(update))
        for section, update in fields.items()
    }
    return environment.model_copy(update=sections)


def costing(idle: float) -> Cost:
    return Cost(month=10 * idle, idle_month=idle, unpriced=(), lines=(), notes=())


def test_what_costs_more_idle_than_its_budget_is_refused() -> None:
    dev = changed("dev", budget={"monthly": 100.0})
    guards.within_budget(dev, costing(100.0))
    with pytest.raises(guards.Refusal, match=r"\$101 a month .* budget is \$100"):
        guards.within_budget(dev, costing(101.0))


def test_without_a_budget_any_cost_will_do() -> None:
    guards.within_budget(load(find("dev")).model_copy(update={"budget": None}), costing(1e9))


def test_a_lake_that_is_kept_is_not_taken_down() -> None:
    with pytest.raises(guards.Refusal, match="says to keep") as refused:
        guards.keeps_no_data(load(find("prod-data")))
    assert "keep to destroy" in refused.value.hint


def test_ceph_that_is_kept_is_not_taken_down() -> None:
    lab = load(find("dev")).model_copy(update={"storage": Storage(ceph=Ceph())})
    with pytest.raises(guards.Refusal, match=r"holds Ceph .* \(storage.ceph.keep: retain\)"):
        guards.keeps_no_data(lab)
    guards.keeps_no_data(lab.model_copy(update={"storage": Storage(ceph=Ceph(keep="destroy"))}))


def test_kafka_and_topics_that_are_kept_are_not_taken_down() -> None:
    lab = small({"storage.lake.keep": "destroy"})

    def held(**fields: Any) -> Environment:
        return lab.model_copy(update={"kafka": Kafka.model_validate(fields)})

    with pytest.raises(guards.Refusal, match=r"holds Kafka with all that is in it .* \(kafka.keep: retain\)"):
        guards.keeps_no_data(held(topics={"events": {}}))
    with pytest.raises(guards.Refusal, match=r"holds topics .* \(kafka.topics.events.keep: retain\)"):
        guards.keeps_no_data(held(keep="destroy", topics={"events": {"keep": "retain"}}))
    guards.keeps_no_data(held(keep="destroy", topics={"events": {}}))


def test_a_stack_of_teams_keeps_the_topics_of_its_own_teams() -> None:
    shard = small().model_copy(update={"teams_of": "prod"})
    others = {"events": {"team": "search"}, "audit": {}}
    guards.keeps_no_data(shard.model_copy(update={"kafka": Kafka.model_validate({"topics": others})}))
    mine = Kafka.model_validate({"topics": {"events": {"team": "fraud"}}})
    with pytest.raises(guards.Refusal, match=r"holds topics .* \(kafka.keep: retain\)"):
        guards.keeps_no_data(shard.model_copy(update={"kafka": mine}))


def test_postgres_that_is_kept_is_not_taken_down() -> None:
    lab = small({"storage.lake.keep": "destroy"})
    with pytest.raises(guards.Refusal, match=r"holds Postgres with all .* \(postgres.keep: retain\)"):
        guards.keeps_no_data(lab.model_copy(update={"postgres": Postgres()}))
    guards.keeps_no_data(lab.model_copy(update={"postgres": Postgres(keep="destroy")}))
    guards.keeps_no_data(lab.model_copy(update={"postgres": Postgres(), "teams_of": "prod"}))


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_what_keeps_no_data_itself_may_go(name: str) -> None:
    guards.keeps_no_data(load(find(name)))


@pytest.mark.parametrize("typed", [None, "", "prod ", "dev"])
def test_a_protected_environment_wants_its_name(typed: str | None) -> None:
    prod = load(find("prod"))
    guards.named(prod, "prod")
    with pytest.raises(guards.Refusal, match="prod is protected"):
        guards.named(prod, typed)


def test_an_unprotected_environment_wants_no_name() -> None:
    guards.named(load(find("dev")), None)


@pytest.mark.parametrize("deployed", [None, "1.35", "1.34"])
def test_a_control_plane_goes_up_by_one_version_or_stays(deployed: str | None) -> None:
    guards.one_step(changed("dev", cluster={"version": "1.35"}), deployed)


def test_an_upgrade_that_skips_a_version_is_refused() -> None:
    with pytest.raises(guards.Refusal, match=r"runs Kubernetes 1\.33, .* 1\.34 would be skipped") as refused:
        guards.one_step(changed("dev", cluster={"version": "1.35"}), "1.33")
    assert refused.value.hint.startswith('write cluster.version: "1.34", run `mlcluster up dev`')


def test_a_control_plane_does_not_go_back() -> None:
    with pytest.raises(guards.Refusal, match=r"runs Kubernetes 1\.36, .* EKS never goes back") as refused:
        guards.one_step(changed("dev", cluster={"version": "1.35"}), "1.36")
    assert 'cluster.version: "1.36"' in refused.value.hint


def test_protection_that_only_the_file_has_lost_is_still_there() -> None:
    guards.protected_as_written(load(find("prod")), protected=True)
    guards.protected_as_written(load(find("dev")), protected=False)
    with pytest.raises(guards.Refusal, match="is protected: it was brought up") as refused:
        guards.protected_as_written(load(find("dev")), protected=True)
    assert "mlcluster up dev" in refused.value.hint
