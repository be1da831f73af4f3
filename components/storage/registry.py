"""Container images: repositories of our own, and copies of what others publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.storage import registry_policies as policies
from infra import iam, naming
from infra.catalog import upstreams
from infra.environment.storage.registry import Registry, Upstream
from infra.handles import ImageRegistry
from infra.labels import Scope
from infra.places import Place

_COMPONENT = "registry"
_KEY_DELETION_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class ContainerRegistryArgs:
    """What a registry needs."""

    scope: Scope
    place: Place
    registry: Registry


class ContainerRegistry(pulumi.ComponentResource):
    """Repositories in ECR under one key, whose tags stay where they are, and caches of others' registries.

    Only this account's nodes pull. Everything carries the environment's name, for the account's one registry
    has others' repositories in it too; nothing of the registry's own settings is touched. With `keep: retain`
    repositories and key are protected, and stay when the stack goes.

    Repositories of copies are made by ECR when something is first pulled, from a template: they are not the
    stack's, and not deleted with it.
    """

    handle: ImageRegistry

    def __init__(self, name: str, args: ContainerRegistryArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:ContainerRegistry", name, {}, opts)
        self._name, self._args = name, args
        self._retain = args.registry.keep == "retain"
        self._child = pulumi.ResourceOptions(parent=self, retain_on_delete=self._retain)
        self._kept = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(protect=self._retain))
        key = self._key()
        repositories = {one: self._repository(one, key) for one in args.registry.repositories}
        self.handle = ImageRegistry(
            repositories=pulumi.Output.all(
                **{one: made.repository_url for one, made in repositories.items()}
            ).apply(dict),
            mirrors=pulumi.Output.all(**self._caches(key)).apply(dict),
        )
        self.register_outputs(
            {"repositories": self.handle.repositories, "mirrors": self.handle.mirrors, "key_arn": key.arn}
        )

    def _key(self) -> aws.kms.Key:
        scope = self._args.scope
        key = aws.kms.Key(
            self._name,
            description=f"The container images of {scope.environment}",
            enable_key_rotation=True,
            deletion_window_in_days=_KEY_DELETION_DAYS,
            policy=iam.account_key(self._args.place.root()),
            tags=scope.tags(_COMPONENT),
            opts=self._kept,
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{naming.physical(scope.environment, 'registry')}",
            target_key_id=key.id,
            opts=self._child,
        )
        return key

    def _repository(self, wanted: str, key: aws.kms.Key) -> aws.ecr.Repository:
        registry, scope = self._args.registry, self._args.scope
        name = naming.repository(scope.environment, wanted)
        repository = aws.ecr.Repository(
            f"{self._name}-{wanted}",
            name=name,
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
            image_scanning_configuration={"scan_on_push": registry.scan},
            force_delete=not self._retain,
            tags=scope.tags(_COMPONENT, name=name),
            opts=self._kept,
            **_mutability(registry),
        )
        aws.ecr.LifecyclePolicy(
            f"{self._name}-{wanted}",
            repository=repository.name,
            policy=policies.lifecycle(registry.expire_untagged.days, registry.keep_images),
            opts=self._child,
        )
        aws.ecr.RepositoryPolicy(
            f"{self._name}-{wanted}",
            repository=repository.name,
            policy=policies.pulled_within(self._args.place),
            opts=self._child,
        )
        return repository

    def _caches(self, key: aws.kms.Key) -> dict[str, pulumi.Output[str]]:
        """Rules and templates for every upstream; returns by its host where its images are to be pulled."""
        wanted = self._args.registry.pull_through
        if not wanted:
            return {}
        role = self._maker(key)
        return {
            upstreams.upstream(name).host: self._cache(name, upstream, key, role)
            for name, upstream in wanted.items()
        }

    def _maker(self, key: aws.kms.Key) -> aws.iam.Role:
        scope, place = self._args.scope, self._args.place
        role = aws.iam.Role(
            f"{self._name}-caches",
            name=naming.physical(scope.environment, "registry", "caches", limit=64),
            description="What ECR may do to make repositories for copies of others' images",
            assume_role_policy=iam.service_trust("ecr"),
            tags=scope.tags(_COMPONENT),
            opts=self._child,
        )
        aws.iam.RolePolicy(
            f"{self._name}-caches",
            name="make",
            role=role.name,
            policy=key.arn.apply(lambda arn: policies.make_copies(place, scope.environment, arn)),
            opts=self._child,
        )
        return role

    def _cache(
        self, upstream: str, given: Upstream, key: aws.kms.Key, role: aws.iam.Role
    ) -> pulumi.Output[str]:
        scope, place = self._args.scope, self._args.place
        prefix = naming.cache(scope.environment, upstream)
        # The template comes first: what is pulled before it would have none of its settings, for good.
        template = aws.ecr.RepositoryCreationTemplate(
            f"{self._name}-{upstream}",
            prefix=prefix,
            description=f"Copies of what is pulled from {upstreams.upstream(upstream).host}",
            applied_fors=["PULL_THROUGH_CACHE"],
            custom_role_arn=role.arn,
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
            # ECR moves tags such as `latest` when their owners do.
            image_tag_mutability="MUTABLE",
            lifecycle_policy=policies.cached(self._args.registry.expire_cached.days),
            repository_policy=policies.pulled_within(place),
            resource_tags=scope.tags(_COMPONENT),
            opts=self._child,
        )
        rule = aws.ecr.PullThroughCacheRule(
            f"{self._name}-{upstream}",
            ecr_repository_prefix=prefix,
            upstream_registry_url=upstreams.upstream(upstream).url,
            credential_arn=given.credentials,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=[template])),
        )
        host = f"{place.account}.dkr.ecr.{place.region}.{place.dns_suffix}"
        return pulumi.Output.concat(host, "/", rule.ecr_repository_prefix)


def _mutability(registry: Registry) -> Mapping[str, Any]:
    """Tags stay on their images, but for the patterns that may move."""
    if not registry.mutable_tags:
        return {"image_tag_mutability": "IMMUTABLE"}
    filters = [{"filter": pattern, "filter_type": "WILDCARD"} for pattern in registry.mutable_tags]
    return {
        "image_tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
        "image_tag_mutability_exclusion_filters": filters,
    }


@dataclass(frozen=True, kw_only=True)
class FirstPullsArgs:
    """What the right to pull what ECR has no copy of yet needs."""

    scope: Scope
    place: Place
    keeper: str
    """Name of the environment whose registry it is."""
    role_arn: pulumi.Input[str]
    """The role of the nodes."""


class FirstPulls(pulumi.ComponentResource):
    """The right of nodes to have ECR fetch an image from its upstream, when it has none."""

    def __init__(self, name: str, args: FirstPullsArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("mlcluster:storage:FirstPulls", name, {}, opts)
        role = pulumi.Output.from_input(args.role_arn).apply(lambda arn: arn.rpartition("/")[2])
        right = aws.iam.RolePolicy(
            name,
            name=naming.physical(args.scope.environment, "first", "pulls", limit=64),
            role=role,
            policy=policies.first_pull(args.place, args.keeper),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"policy": right.id})
