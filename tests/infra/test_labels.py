from infra.labels import Scope

SCOPE = Scope("dev", "ml-platform")


def test_tags_say_whose_a_resource_is() -> None:
    assert SCOPE.tags("network") == {
        "mlcluster:environment": "dev",
        "mlcluster:owner": "ml-platform",
        "mlcluster:component": "network",
    }


def test_tags_say_more_where_there_is_more_to_say() -> None:
    tags = Scope("dev", "ml-platform", ttl=43200).tags("tenancy", name="fraud", team="fraud")
    assert (tags["Name"], tags["mlcluster:team"], tags["mlcluster:ttl"]) == ("fraud", "fraud", "12h")


def test_labels_say_whose_an_object_is() -> None:
    assert SCOPE.labels("tenancy", "fraud") == {
        "app.kubernetes.io/managed-by": "mlcluster",
        "mlcluster.io/environment": "dev",
        "mlcluster.io/owner": "ml-platform",
        "mlcluster.io/component": "tenancy",
        "mlcluster.io/team": "fraud",
    }


def test_labels_name_no_team_where_there_is_none() -> None:
    assert "mlcluster.io/team" not in SCOPE.labels("network")
