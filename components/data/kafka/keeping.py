"""What stays when a stack goes."""

from __future__ import annotations

import pulumi


def kept(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Options of something that is protected, and left where it is when the stack goes; all below it too.

    A component's options do not reach its children by themselves, but for its transformations.
    """
    mine = pulumi.ResourceOptions(protect=True, retain_on_delete=True, transformations=[_stays])
    return pulumi.ResourceOptions.merge(opts, mine)


def _stays(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    stay = pulumi.ResourceOptions(protect=True, retain_on_delete=True)
    return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions.merge(args.opts, stay))
