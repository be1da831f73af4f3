"""ECR: pull-through caches and the templates of their repositories, which moto lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.twin.aws.cloud import ApiError, Place
from operations.twin.aws.extensions import store

_WITH_CREDENTIALS = ("registry-1.docker.io", "ghcr.io", "registry.gitlab.com")
"""Upstreams that serve nobody unknown."""
_TRUSTED = "ecr.amazonaws.com"


def _shelf(place: Place, kind: str) -> dict[str, dict[str, Any]]:
    """What the twin keeps beside moto's repositories of a region, by prefix."""
    shelves = store.backend("ecr", place).__dict__.setdefault("twin_shelf", {})
    shelf: dict[str, dict[str, Any]] = shelves.setdefault(kind, {})
    return shelf


def _of(place: Place, kind: str, prefix: str, missing: str) -> dict[str, Any]:
    found = _shelf(place, kind).get(prefix)
    if found is None:
        raise ApiError(missing, f"There is none with the prefix '{prefix}' in the registry")
    return found


_NO_RULE = "PullThroughCacheRuleNotFoundException"
_NO_TEMPLATE = "TemplateNotFoundException"


def create_pull_through_cache_rule(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a cache, unless there is one of that prefix or its upstream wants credentials."""
    prefix, url = arguments["ecrRepositoryPrefix"], arguments["upstreamRegistryUrl"]
    if prefix in _shelf(place, "rules"):
        raise ApiError(
            "PullThroughCacheRuleAlreadyExistsException", f"There is a rule for '{prefix}' already"
        )
    credentials = arguments.get("credentialArn")
    if url in _WITH_CREDENTIALS and not credentials:
        raise store.invalid(f"The upstream registry {url} requires credentials.")
    _check_secret(place, credentials)
    rule = {**arguments, "registryId": place.account, "createdAt": store.now()}
    rule.setdefault("upstreamRepositoryPrefix", "ROOT")
    _shelf(place, "rules")[prefix] = rule
    return rule


def _check_secret(place: Place, arn: str | None) -> None:
    """The secret is somebody else's, and so not looked up; but it must be where ECR looks."""
    if arn is not None and arn.split(":")[3:5] != [place.region, place.account]:
        raise ApiError("SecretNotFoundException", f"The secret {arn} is not in this account and region.")


def update_pull_through_cache_rule(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes the credentials of a cache."""
    rule = _of(place, "rules", arguments["ecrRepositoryPrefix"], _NO_RULE)
    _check_secret(place, arguments.get("credentialArn"))
    rule.update({**arguments, "updatedAt": store.now()})
    return rule


def describe_pull_through_cache_rules(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns caches, all or those of some prefixes."""
    prefixes = arguments.get("ecrRepositoryPrefixes") or list(_shelf(place, "rules"))
    return {"pullThroughCacheRules": [_of(place, "rules", prefix, _NO_RULE) for prefix in prefixes]}


def delete_pull_through_cache_rule(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a cache; what it fetched stays."""
    prefix = arguments["ecrRepositoryPrefix"]
    rule = _of(place, "rules", prefix, _NO_RULE)
    del _shelf(place, "rules")[prefix]
    return rule


def create_repository_creation_template(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Makes a template, unless there is one of that prefix."""
    prefix = arguments["prefix"]
    if prefix in _shelf(place, "templates"):
        raise ApiError("TemplateAlreadyExistsException", f"There is a template for '{prefix}' already")
    template = {**arguments, "createdAt": store.now()}
    _check_role(place, template)
    _shelf(place, "templates")[prefix] = template
    return _answer(place, template)


def update_repository_creation_template(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Changes what is given of a template; repositories that it made stay as they are."""
    template = _of(place, "templates", arguments["prefix"], _NO_TEMPLATE)
    changed = {**template, **arguments, "updatedAt": store.now()}
    _check_role(place, changed)
    template.update(changed)
    return _answer(place, template)


def describe_repository_creation_templates(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns templates, all or those of some prefixes."""
    prefixes = arguments.get("prefixes") or list(_shelf(place, "templates"))
    found = [_of(place, "templates", prefix, _NO_TEMPLATE) for prefix in prefixes]
    return {"registryId": place.account, "repositoryCreationTemplates": found}


def delete_repository_creation_template(place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Deletes a template; repositories that it made stay."""
    template = _of(place, "templates", arguments["prefix"], _NO_TEMPLATE)
    del _shelf(place, "templates")[arguments["prefix"]]
    return _answer(place, template)


def _check_role(place: Place, template: Mapping[str, Any]) -> None:
    """A key and tags are set in a role's name.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates-create.html
    """
    role = template.get("customRoleArn")
    encrypted = (template.get("encryptionConfiguration") or {}).get("encryptionType", "AES256") != "AES256"
    if (encrypted or template.get("resourceTags")) and not role:
        raise store.invalid("A custom role is required for KMS encryption and for resource tags.")
    if role:
        store.check_role(place, role, _TRUSTED)


def _answer(place: Place, template: Mapping[str, Any]) -> dict[str, Any]:
    return {"registryId": place.account, "repositoryCreationTemplate": dict(template)}
