from __future__ import annotations

from typing import Any

import pytest

from operations.twin.backend import UNKNOWN, NodeGroup, Refused
from tests.operations.twin.aws.bench import TAGS, Bench, Network, cluster, network, node_group, role, urn


@pytest.fixture
def at(bench: Bench) -> Network:
    return network(bench)


def test_a_cluster_has_what_programs_need_of_it(bench: Bench, at: Network) -> None:
    one = cluster(bench, at, enabledClusterLogTypes=["audit", "api"])
    assert one["arn"] == "arn:aws:eks:us-east-1:123456789012:cluster/dev"
    assert one["vpcConfig"]["vpcId"] == at.vpc.id
    assert one["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert one["certificateAuthority"]["data"].startswith("LS0tLS1CRUdJTi")
    assert one["enabledClusterLogTypes"] == ["audit", "api"]
    control_plane = role(bench, "other", "eks.amazonaws.com")["arn"]
    two = cluster(bench, at, name="two", roleArn=control_plane)
    assert two["endpoint"] != one["endpoint"], "moto gives every cluster the same"
    assert [found.endpoint for found in bench.package.clusters()] == [one["endpoint"], two["endpoint"]]


def test_the_preview_of_a_cluster_knows_what_it_was_told(bench: Bench) -> None:
    type_ = "aws:eks/cluster:Cluster"
    inputs = bench.inputs(type_, "c", name="dev", roleArn=UNKNOWN, vpcConfig={"subnetIds": UNKNOWN})
    preview = bench.session.preview(urn(type_, "c"), type_, inputs)
    assert preview["name"] == "dev"
    assert preview["endpoint"] is UNKNOWN
    assert preview["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"version": "1.19"}, "unsupported Kubernetes version 1.19"),
        ({"roleArn": "arn:aws:iam::123456789012:role/none"}, "does not exist"),
        ({"vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]}}, "subnet ID 'subnet-1' does not exist"),
        ({"name": "no spaces"}, "name: 'no spaces' does not match"),
        ({"accessConfig": {"authenticationMode": "NONE"}}, "'NONE' is not one of"),
        ({"enabledClusterLogTypes": ["kubelet"]}, "'kubelet' is not one of"),
        (
            {"encryptionConfig": {"provider": {"keyArn": "arn:aws:kms:none"}, "resources": ["secrets"]}},
            "keyArn in encryptionConfig",
        ),
    ],
)
def test_a_cluster_must_make_sense(bench: Bench, at: Network, wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused, match=message):
        cluster(bench, at, **wrong)
    assert bench.package.clusters() == ()


def test_a_cluster_needs_two_zones_and_some_endpoint(bench: Bench, at: Network) -> None:
    arn = role(bench, "control-plane", "eks.amazonaws.com")["arn"]
    for config, message in (
        ({"subnetIds": at.subnet_ids[:1]}, "at least two different AZs"),
        ({"subnetIds": at.subnet_ids, "endpointPublicAccess": False}, "cannot be both false"),
        ({"subnetIds": at.subnet_ids, "securityGroupIds": ["sg-1"]}, "not in the same VPC"),
    ):
        with pytest.raises(Refused, match=message):
            cluster(bench, at, name="wrong", vpcConfig=config, roleArn=arn)


def test_a_role_must_trust_the_service(bench: Bench, at: Network) -> None:
    wrong = role(bench, "wrong", "ec2.amazonaws.com")["arn"]
    with pytest.raises(Refused, match=r"trusted entity is not correct.*eks\.amazonaws\.com"):
        cluster(bench, at, roleArn=wrong)


def test_a_cluster_changes_in_place_where_eks_can(bench: Bench, at: Network) -> None:
    made = cluster(bench, at)
    group = made["vpcConfig"]["clusterSecurityGroupId"]
    config = {**made.inputs["vpcConfig"], "endpointPublicAccess": True, "publicAccessCidrs": ["192.0.2.0/24"]}
    made = bench.change(made, vpcConfig=config)
    assert made["vpcConfig"]["clusterSecurityGroupId"] == group
    made = bench.change(made, enabledClusterLogTypes=["api"])
    made = bench.change(made, enabledClusterLogTypes=None)
    assert "enabledClusterLogTypes" not in made.state
    made = bench.change(made, version="1.35")
    with pytest.raises(Refused, match=r"Unsupported Kubernetes minor version update from 1\.35 to 1\.33"):
        bench.change(made, version="1.33")
    with pytest.raises(Refused, match="Unsupported authentication mode update from API to CONFIG_MAP"):
        bench.change(made, accessConfig={"authenticationMode": "CONFIG_MAP"})
    assert bench.change(made, tags={"Name": "new"})["tags"] == {"Name": "new"}


def test_what_replaces_a_cluster(bench: Bench, at: Network) -> None:
    made = cluster(bench, at)
    network_config = {"serviceIpv4Cidr": "10.100.0.0/16"}
    bootstrap = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    assert bench.diff(made, name="other")[1] == ("name",)
    assert bench.diff(made, roleArn="arn")[1] == ("roleArn",)
    assert bench.diff(made, kubernetesNetworkConfig=network_config)[1] == ("kubernetesNetworkConfig",)
    assert bench.diff(made, accessConfig=bootstrap)[1] == ("accessConfig",)
    assert bench.diff(made, accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"}) == (
        ("accessConfig",),
        (),
    )
    assert bench.diff(made, version=None) == ((), ())


def test_secrets_once_encrypted_stay_so(bench: Bench, at: Network) -> None:
    key = bench.make("aws:kms/key:Key")
    encryption = {"provider": {"keyArn": key["arn"]}, "resources": ["secrets"]}
    made = bench.change(cluster(bench, at), encryptionConfig=encryption)
    assert made["encryptionConfig"]["provider"]["keyArn"] == key["arn"]
    assert bench.diff(made, encryptionConfig=None)[1] == ("encryptionConfig",)


def test_a_cluster_goes_after_its_node_groups_and_takes_the_rest_along(bench: Bench, at: Network) -> None:
    made = cluster(bench, at)
    nodes = node_group(bench, at, made)
    bench.make("aws:eks/addon:Addon", clusterName="dev", addonName="vpc-cni")
    with pytest.raises(Refused, match="ResourceInUseException: Cluster has nodegroups attached"):
        bench.drop(made)
    with pytest.raises(Refused, match=r"DependencyViolation.*EKS cluster dev, EKS node group system-"):
        bench.drop(at.subnets[0])
    bench.drop(nodes)
    bench.drop(made)
    for left in (*at.subnets, at.vpc):
        bench.drop(left)
    assert {item.service for item in bench.package.inventory()} == {"iam"}


def test_a_protected_cluster_stays(bench: Bench, at: Network) -> None:
    made = cluster(bench, at, deletionProtection=True)
    with pytest.raises(Refused, match="deletion protection"):
        bench.drop(made)
    bench.drop(bench.change(made, deletionProtection=False))


def template(bench: Bench, **data: Any) -> dict[str, str]:
    made = bench.make("aws:ec2/launchTemplate:LaunchTemplate", "pool", **data)
    return {"id": made.id, "version": str(made["latestVersion"])}


def test_nodes_can_be_made_of_a_node_group(bench: Bench, at: Network) -> None:
    heard: list[tuple[NodeGroup, ...]] = []
    bench.package.on_node_groups(lambda: heard.append(bench.package.node_groups()))
    interfaces = [
        {"deviceIndex": n, "networkCardIndex": n, "interfaceType": k}
        for n, k in enumerate(("efa", "efa-only"))
    ]
    made = node_group(
        bench,
        at,
        cluster(bench, at),
        instanceTypes=["p4d.24xlarge"],
        amiType="AL2023_x86_64_NVIDIA",
        launchTemplate=template(bench, networkInterfaces=interfaces),
        labels={"pool": "train"},
        taints=[{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        nodeGroupNamePrefix="mlcluster-dev-",
    )
    assert made["nodeGroupName"].startswith("mlcluster-dev-2")
    assert len(made["nodeGroupName"]) == len("mlcluster-dev-") + 26
    (nodes,) = heard[-1]
    assert nodes == bench.package.node_groups()[0]
    assert (nodes.instance_types, nodes.desired, nodes.efa_interfaces) == (("p4d.24xlarge",), 2, 2)
    assert nodes.zones == ("us-east-1a", "us-east-1b")
    assert [(taint.key, taint.effect) for taint in nodes.taints] == [("nvidia.com/gpu", "NoSchedule")]
    assert nodes.labels == {"pool": "train"}
    bench.drop(made)
    assert heard[-1] == ()


def test_a_node_group_changes_in_place_where_eks_can(bench: Bench, at: Network) -> None:
    start = template(bench, metadataOptions={"httpTokens": "required"})
    made = node_group(bench, at, cluster(bench, at), launchTemplate=start, labels={"a": "1", "b": "2"})
    made = bench.change(made, scalingConfig={"minSize": 0, "maxSize": 9, "desiredSize": 4})
    assert bench.package.node_groups()[0].desired == 4
    made = bench.change(made, labels={"b": "3"}, tags={"Name": "new"})
    made = bench.change(made, taints=[{"key": "k", "value": "v", "effect": "NO_EXECUTE"}])
    made = bench.change(made, taints=None, labels=None)
    assert bench.package.node_groups()[0].taints == ()
    with pytest.raises(Refused, match="Minimum capacity 5 can't be greater than desired size 4"):
        bench.change(made, scalingConfig={"minSize": 5, "maxSize": 9, "desiredSize": 4})
    with pytest.raises(Refused, match=r"Version 7 of launch template .* does not exist"):
        bench.change(made, launchTemplate={**start, "version": "7"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("instanceTypes", ["m7i.xlarge"]),
        ("capacityType", "SPOT"),
        ("subnetIds", ["subnet-1"]),
        ("amiType", "BOTTLEROCKET_x86_64"),
        ("nodeRoleArn", "arn"),
        ("clusterName", "other"),
        ("nodeGroupName", "other"),
        ("launchTemplate", {"id": "lt-1", "version": "1"}),
        ("launchTemplate", UNKNOWN),
    ],
)
def test_what_replaces_a_node_group(bench: Bench, at: Network, name: str, value: Any) -> None:
    made = node_group(bench, at, cluster(bench, at), nodeGroupName="system")
    assert bench.diff(made, **{name: value}) == ((name,), (name,))


def test_the_order_of_instance_types_matters_and_of_subnets_does_not(bench: Bench, at: Network) -> None:
    made = node_group(bench, at, cluster(bench, at), instanceTypes=["m7i.large", "m6i.large"])
    assert bench.diff(made, instanceTypes=["m6i.large", "m7i.large"])[1] == ("instanceTypes",)
    assert bench.diff(made, subnetIds=at.subnet_ids[::-1]) == ((), ())


def test_a_program_that_names_a_node_group_must_delete_it_before_replacing_it(
    bench: Bench, at: Network
) -> None:
    one = cluster(bench, at)
    named = node_group(bench, at, one, nodeGroupName="system")
    news = {**named.inputs, "capacityType": "SPOT"}
    session = bench.session
    assert session.diff(named.type, named.id, named.inputs, named.state, news).delete_before_replace
    bench.drop(named)
    free = bench.make(
        named.type,
        "free",
        clusterName="dev",
        nodeRoleArn=named["nodeRoleArn"],
        subnetIds=at.subnet_ids,
        scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 0},
    )
    assert free["nodeGroupName"] == "free-0abcdef"
    news = {**free.inputs, "capacityType": "SPOT"}
    assert not session.diff(free.type, free.id, free.inputs, free.state, news).delete_before_replace


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"instanceTypes": ["m99.large"]}, r"do not exist: \[m99\.large\]"),
        ({"instanceTypes": ["m7g.large"], "amiType": "AL2023_x86_64_STANDARD"}, "not a valid instance type"),
        ({"instanceTypes": ["m7g.large", "m7i.large"]}, "must share an architecture"),
        ({"clusterName": "none"}, "No cluster found for name: none"),
        ({"version": "1.35"}, r"version 1\.35 is not compatible with cluster version 1\.34"),
        ({"launchTemplate": {"id": "lt-1", "version": "1"}}, "launch template lt-1 does not exist"),
        ({"capacityType": "CHEAP"}, "'CHEAP' is not one of"),
        ({"scalingConfig": {"minSize": 0, "maxSize": 1, "desiredSize": 2}}, "can't be greater than max size"),
        ({"taints": [{"key": "k", "effect": "NoSchedule"}]}, "'NoSchedule' is not one of NO_SCHEDULE"),
        ({"nodeRoleArn": "arn:aws:iam::123456789012:role/none"}, "does not exist"),
        ({"diskSize": 20, "launchTemplate": None}, ""),
    ],
)
def test_a_node_group_must_make_sense(bench: Bench, at: Network, wrong: dict[str, Any], message: str) -> None:
    one = cluster(bench, at)
    if not message:
        assert node_group(bench, at, one, **wrong)["diskSize"] == 20
        return
    with pytest.raises(Refused, match=message):
        node_group(bench, at, one, **wrong)


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        (
            {"instanceType": "m7i.large"},
            {},
            "Cannot specify instance types in launch template and API request",
        ),
        ({"iamInstanceProfile": {"name": "x"}}, {}, "should not specify an instance profile"),
        ({"networkInterfaces": [{"subnetId": "subnet-1"}]}, {}, "should not specify subnets"),
        ({"vpcSecurityGroupIds": ["sg-1"]}, {}, "security group 'sg-1' does not exist"),
        ({"userData": "eA=="}, {"diskSize": 20}, "within the launch template"),
    ],
)
def test_what_must_not_be_in_a_launch_template(
    bench: Bench, at: Network, data: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        node_group(bench, at, cluster(bench, at), launchTemplate=template(bench, **data), **more)


def test_addons(bench: Bench, at: Network) -> None:
    cluster(bench, at)
    identity = role(bench, "cni", "pods.eks.amazonaws.com")["arn"]
    type_ = "aws:eks/addon:Addon"
    made = bench.make(
        type_,
        clusterName="dev",
        addonName="vpc-cni",
        configurationValues='{"env": {"A": "1"}}',
        podIdentityAssociations=[{"roleArn": identity, "serviceAccount": "aws-node"}],
        resolveConflictsOnCreate="OVERWRITE",
        tags=TAGS,
    )
    assert made["addonVersion"].startswith("v1."), "the catalogue's version"
    assert bench.diff(made, configurationValues='{"env":{"A":"1"}}') == ((), ()), "the same JSON"
    assert bench.diff(made, addonName="coredns")[1] == ("addonName",)
    with pytest.raises(Refused, match="ResourceInUseException: Addon already exists"):
        bench.make(type_, "again", clusterName="dev", addonName="vpc-cni")
    made = bench.change(
        made, addonVersion="v1.99.0-eksbuild.1", tags={"Name": "new"}, podIdentityAssociations=None
    )
    assert made["addonVersion"] == "v1.99.0-eksbuild.1"
    bench.drop(made)
    for wrong, message in (
        ({"clusterName": "none", "addonName": "vpc-cni"}, "No cluster found"),
        ({"clusterName": "dev", "addonName": "VPC CNI"}, "VPC CNI specified is not supported"),
        ({"clusterName": "dev", "addonName": "vpc-cni", "addonVersion": "1.2.3"}, "version 1.2.3 specified"),
        ({"clusterName": "dev", "addonName": "vpc-cni", "configurationValues": "[1]"}, "not a JSON object"),
        ({"clusterName": "dev", "addonName": "no-default"}, "version None specified for no-default"),
        (
            {"clusterName": "dev", "addonName": "vpc-cni", "resolveConflictsOnCreate": "X"},
            "'X' is not one of",
        ),
    ):
        with pytest.raises(Refused, match=message):
            bench.make(type_, "wrong", **wrong)


ADMIN = "arn:aws:iam::123456789012:role/Admin"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def test_access_entries_and_their_policies(bench: Bench, at: Network) -> None:
    cluster(bench, at)
    entry = bench.make("aws:eks/accessEntry:AccessEntry", clusterName="dev", principalArn=ADMIN, tags=TAGS)
    assert entry["type"] == "STANDARD"
    assert "role/123456789012/Admin/" in entry["accessEntryArn"]
    entry = bench.change(entry, kubernetesGroups=["readers"], tags={"Name": "new"})
    entry = bench.change(entry, kubernetesGroups=["writers"], userName="someone")
    assert bench.diff(entry, type="EC2_LINUX")[1] == ("type",)
    given = {"clusterName": "dev", "principalArn": ADMIN, "policyArn": POLICY}
    policy = bench.make(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation", accessScope={"type": "cluster"}, **given
    )
    assert bench.diff(policy, accessScope={"type": "namespace", "namespaces": ["a"]})[1] == ("accessScope",)
    bench.drop(policy)
    bench.drop(entry)


ENTRY = "accessEntry:AccessEntry"
ASSOCIATION = "accessPolicyAssociation:AccessPolicyAssociation"
STRANGER = {"principalArn": ADMIN + "2"}
FULL = {"principalArn": ADMIN, "policyArn": POLICY, "accessScope": {"type": "cluster"}}


@pytest.mark.parametrize(
    ("type_", "given", "message"),
    [
        (ENTRY, {"principalArn": ADMIN}, "already in use on this cluster"),
        (ENTRY, {"principalArn": "someone"}, "invalid principal"),
        (ENTRY, {**STRANGER, "kubernetesGroups": ["system:masters"]}, "cannot start with system:"),
        (ASSOCIATION, {**FULL, **STRANGER}, "principalArn could not be found"),
        (ASSOCIATION, {**FULL, "policyArn": POLICY + "X"}, "is not an access policy of EKS"),
        (ASSOCIATION, {**FULL, "accessScope": {"type": "namespace"}}, "Namespaces are required"),
    ],
)
def test_access_must_make_sense(
    bench: Bench, at: Network, type_: str, given: dict[str, Any], message: str
) -> None:
    cluster(bench, at)
    bench.make("aws:eks/accessEntry:AccessEntry", "first", clusterName="dev", principalArn=ADMIN)
    with pytest.raises(Refused, match=message):
        bench.make(f"aws:eks/{type_}", clusterName="dev", **given)


def test_access_entries_need_their_authentication_mode(bench: Bench, at: Network) -> None:
    cluster(bench, at, accessConfig={"authenticationMode": "CONFIG_MAP"})
    with pytest.raises(Refused, match="authentication mode must be set to one of"):
        bench.make("aws:eks/accessEntry:AccessEntry", clusterName="dev", principalArn=ADMIN)


def test_pod_identities(bench: Bench, at: Network) -> None:
    cluster(bench, at)
    type_ = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
    one, two = (role(bench, name, "pods.eks.amazonaws.com")["arn"] for name in ("one", "two"))
    account = {"clusterName": "dev", "namespace": "fraud", "serviceAccount": "train"}
    made = bench.make(type_, **account, roleArn=one, tags=TAGS)
    assert made["associationId"] == made.id
    made = bench.change(made, roleArn=two, tags={"Name": "new"})
    assert bench.diff(made, namespace="other")[1] == ("namespace",)
    with pytest.raises(Refused, match=f"Association already exists: {made.id}"):
        bench.make(type_, "again", **account, roleArn=one)
    for wrong, message in (
        ("arn:aws:iam::123456789012:role/none", "does not exist"),
        ("arn:aws:iam::999999999999:role/x", "must be in the account"),
        (role(bench, "nodes", "ec2.amazonaws.com")["arn"], r"to pods\.eks\.amazonaws\.com"),
    ):
        with pytest.raises(Refused, match=message):
            bench.make(type_, "wrong", **{**account, "serviceAccount": "x"}, roleArn=wrong)
    bench.drop(made)


PROVIDER = "identityProviderConfig:IdentityProviderConfig"
OIDC = {
    "identityProviderConfigName": "login",
    "issuerUrl": "https://login.example.com",
    "clientId": "kubernetes",
    "groupsClaim": "groups",
    "groupsPrefix": "oidc:",
}


def test_an_identity_provider(bench: Bench, at: Network) -> None:
    one = cluster(bench, at)
    made = bench.make(f"aws:eks/{PROVIDER}", clusterName="dev", oidc=OIDC, tags=TAGS)
    assert made["status"] == "ACTIVE"
    assert ("identity-provider-config", "dev:login") in {
        (item.type, item.id) for item in bench.package.inventory()
    }
    made = bench.change(made, tags={"Name": "new"})
    assert bench.diff(made, oidc={**OIDC, "clientId": "other"})[1] == ("oidc",)
    with pytest.raises(Refused, match="has an identity provider config already: login"):
        bench.make(
            f"aws:eks/{PROVIDER}",
            "again",
            clusterName="dev",
            oidc={**OIDC, "identityProviderConfigName": "again"},
        )
    bench.drop(made)
    bench.drop(one)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"issuerUrl": "http://login.example.com"}, "must begin with https"),
        ({"groupsPrefix": "system:"}, "groupsPrefix cannot begin with system:"),
    ],
)
def test_an_identity_provider_must_make_sense(
    bench: Bench, at: Network, wrong: dict[str, str], message: str
) -> None:
    cluster(bench, at)
    with pytest.raises(Refused, match=message):
        bench.make(f"aws:eks/{PROVIDER}", clusterName="dev", oidc={**OIDC, **wrong})


def test_an_upgrade_skips_nothing_and_nothing_is_ahead_of_it(bench: Bench, at: Network) -> None:
    made = cluster(bench, at, version="1.33")
    with pytest.raises(Refused, match=r"Unsupported Kubernetes minor version update from 1\.33 to 1\.35"):
        bench.change(made, version="1.35")
    proxy = {"clusterName": "dev", "addonName": "kube-proxy", "addonVersion": "v1.34.6-eksbuild.21"}
    with pytest.raises(Refused, match=r"not supported with Kubernetes 1\.33"):
        bench.make("aws:eks/addon:Addon", **proxy)
    with pytest.raises(Refused, match=r"version 1\.34 is not compatible with cluster version 1\.33"):
        node_group(bench, at, made, version="1.34")
    made = bench.change(made, version="1.34")
    assert bench.make("aws:eks/addon:Addon", **proxy)["addonVersion"] == "v1.34.6-eksbuild.21"
    assert bench.change(made, version="1.35")["version"] == "1.35"


def test_a_clusters_own_group_stays_while_a_rule_of_another_names_it(bench: Bench, at: Network) -> None:
    made = cluster(bench, at)
    own = made["vpcConfig"]["clusterSecurityGroupId"]
    group = bench.make("aws:ec2/securityGroup:SecurityGroup", "files", vpcId=at.vpc.id, tags=TAGS)
    rule = bench.make(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        securityGroupId=group.id,
        referencedSecurityGroupId=own,
        ipProtocol="-1",
        tags=TAGS,
    )
    bench.drop(made)
    assert own in {item.id for item in bench.package.inventory()}
    bench.drop(rule)
    bench.drop(group)
    for subnet in at.subnets:
        bench.drop(subnet)
    with pytest.raises(Refused, match=f"DependencyViolation.*{own}"):
        bench.drop(at.vpc)


def test_rules_that_eks_and_controllers_add_to_its_group_do_not_block_a_cluster(
    bench: Bench, at: Network
) -> None:
    made = cluster(bench, at)
    own = made["vpcConfig"]["clusterSecurityGroupId"]
    for name, source in (
        ("within", {"referencedSecurityGroupId": own}),
        ("balancer", {"cidrIpv4": "10.0.0.0/16"}),
    ):
        bench.make(
            "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            name,
            securityGroupId=own,
            ipProtocol="-1",
            **source,
        )
    bench.drop(made)
    for left in (*at.subnets, at.vpc):
        bench.drop(left)
    assert {item.service for item in bench.package.inventory()} == {"iam"}
