"""Operations of AWS that moto lacks or gets wrong, by service and name: they come before moto's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.twin.aws.cloud import Extension
from operations.twin.aws.extensions import (
    budgets,
    ec2,
    eks_access,
    eks_addons,
    eks_cluster,
    eks_nodes,
    eks_tags,
    kms,
)

EXTENSIONS: Final[Mapping[tuple[str, str], Extension]] = {
    ("budgets", "DescribeSubscribersForNotification"): budgets.describe_subscribers_for_notification,
    ("budgets", "ListTagsForResource"): budgets.list_tags_for_resource,
    ("budgets", "TagResource"): budgets.tag_resource,
    ("budgets", "UntagResource"): budgets.untag_resource,
    ("budgets", "UpdateBudget"): budgets.update_budget,
    ("ec2", "DeleteVpcEndpoints"): ec2.delete_vpc_endpoints,
    ("ec2", "ModifySecurityGroupRules"): ec2.modify_security_group_rules,
    ("ec2", "ModifyVpcEndpoint"): ec2.modify_vpc_endpoint,
    ("eks", "AssociateAccessPolicy"): eks_access.associate_access_policy,
    ("eks", "AssociateEncryptionConfig"): eks_cluster.associate_encryption_config,
    ("eks", "CreateAccessEntry"): eks_access.create_access_entry,
    ("eks", "CreateAddon"): eks_addons.create_addon,
    ("eks", "CreateCluster"): eks_cluster.create_cluster,
    ("eks", "CreateNodegroup"): eks_nodes.create_nodegroup,
    ("eks", "CreatePodIdentityAssociation"): eks_access.create_pod_identity_association,
    ("eks", "DeleteAccessEntry"): eks_access.delete_access_entry,
    ("eks", "DeleteAddon"): eks_addons.delete_addon,
    ("eks", "DeleteCluster"): eks_cluster.delete_cluster,
    ("eks", "DeletePodIdentityAssociation"): eks_access.delete_pod_identity_association,
    ("eks", "DescribeAccessEntry"): eks_access.describe_access_entry,
    ("eks", "DescribeAddon"): eks_addons.describe_addon,
    ("eks", "DescribePodIdentityAssociation"): eks_access.describe_pod_identity_association,
    ("eks", "DisassociateAccessPolicy"): eks_access.disassociate_access_policy,
    ("eks", "ListAccessEntries"): eks_access.list_access_entries,
    ("eks", "ListAddons"): eks_addons.list_addons,
    ("eks", "ListAssociatedAccessPolicies"): eks_access.list_associated_access_policies,
    ("eks", "ListPodIdentityAssociations"): eks_access.list_pod_identity_associations,
    ("eks", "ListTagsForResource"): eks_tags.list_tags_for_resource,
    ("eks", "TagResource"): eks_tags.tag_resource,
    ("eks", "UntagResource"): eks_tags.untag_resource,
    ("eks", "UpdateAccessEntry"): eks_access.update_access_entry,
    ("eks", "UpdateAddon"): eks_addons.update_addon,
    ("eks", "UpdateClusterConfig"): eks_cluster.update_cluster_config,
    ("eks", "UpdateClusterVersion"): eks_cluster.update_cluster_version,
    ("eks", "UpdateNodegroupConfig"): eks_nodes.update_nodegroup_config,
    ("eks", "UpdateNodegroupVersion"): eks_nodes.update_nodegroup_version,
    ("eks", "UpdatePodIdentityAssociation"): eks_access.update_pod_identity_association,
    ("kms", "EnableKeyRotation"): kms.enable_key_rotation,
    ("kms", "GetKeyRotationStatus"): kms.get_key_rotation_status,
}
