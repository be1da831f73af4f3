"""Functions (data sources) that the twin answers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

from operations.twin.aws.cloud import Cloud, partition
from operations.twin.aws.images import public_parameter
from operations.twin.aws.values import decapitalised

_SUFFIXES: Final = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn", "aws-us-gov": "amazonaws.com"}


def _availability_zones(cloud: Cloud, region: str, args: Mapping[str, Any]) -> dict[str, Any]:
    filters = [{"Name": item["name"], "Values": item["values"]} for item in args.get("filters", ())]
    if "state" in args:
        filters.append({"Name": "state", "Values": [args["state"]]})
    found = cloud.call("ec2", region, "describe_availability_zones", {"Filters": filters or None})
    zones = [
        zone
        for zone in found["AvailabilityZones"]
        if zone["ZoneName"] not in args.get("excludeNames", ())
        and zone["ZoneId"] not in args.get("excludeZoneIds", ())
    ]
    return {
        **args,
        "id": region,
        "region": region,
        "names": [zone["ZoneName"] for zone in zones],
        "zoneIds": [zone["ZoneId"] for zone in zones],
        "groupNames": sorted({zone.get("GroupName", region) for zone in zones}),
    }


def _caller_identity(cloud: Cloud, region: str, _: Mapping[str, Any]) -> dict[str, Any]:
    found = cloud.call("sts", region, "get_caller_identity", {})
    account = found["Account"]
    return {"id": account, "accountId": account, "arn": found["Arn"], "userId": found["UserId"]}


def _partition(_: Cloud, region: str, __: Mapping[str, Any]) -> dict[str, Any]:
    name = partition(region)
    suffix = _SUFFIXES[name]
    reverse = ".".join(reversed(suffix.split(".")))
    return {"id": name, "partition": name, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _region(_: Cloud, region: str, __: Mapping[str, Any]) -> dict[str, Any]:
    endpoint = f"ec2.{region}.{_SUFFIXES[partition(region)]}"
    return {"id": region, "name": region, "region": region, "description": region, "endpoint": endpoint}


def _parameter(cloud: Cloud, region: str, args: Mapping[str, Any]) -> dict[str, Any]:
    name = args["name"]
    value = public_parameter(name)
    if value is not None:
        arn = f"arn:{partition(region)}:ssm:{region}::parameter{name}"
        found = {"arn": arn, "name": name, "type": "String", "value": value, "version": 1}
    else:
        decrypt = args.get("withDecryption", True)
        response = cloud.call("ssm", region, "get_parameter", {"Name": name, "WithDecryption": decrypt})
        parameter = decapitalised(response["Parameter"])
        found = {key: parameter[key] for key in ("name", "type", "value", "version")}
        found["arn"] = parameter["aRN"]
    return {**args, **found, "id": name, "insecureValue": found["value"], "region": region}


def _cluster_auth(_: Cloud, region: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """A token has the shape of a real one: a signed request to STS, for the cluster it names."""
    request = f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&x-k8s-aws-id={args['name']}"
    token = "k8s-aws-v1." + base64.urlsafe_b64encode(request.encode()).decode().rstrip("=")
    return {"id": args["name"], "name": args["name"], "region": region, "token": token}


INVOKES: Final[Mapping[str, Callable[[Cloud, str, Mapping[str, Any]], dict[str, Any]]]] = {
    "aws:eks/getClusterAuth:getClusterAuth": _cluster_auth,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:ssm/getParameter:getParameter": _parameter,
}
"""Every function by its token."""
