"""Waiting for a program's resources, faster than the SDK does by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from pulumi.runtime.settings import SETTINGS

_LOOK_AGAIN_S: Final = 1.0
"""Seconds after which it looks for what came meanwhile, and for failures: then the SDK takes over at once."""


def settling(program: Callable[[], Any]) -> Callable[[], None]:
    """A program whose end is waited for in one go.

    The SDK (`pulumi.runtime.stack.wait_for_rpcs`) looks at every task under way each time that one of them
    ends, so its time grows with the square of a stack: a third of an `up` of 670 resources on the twin, half
    of a plan. A task beside the program's requests waits for all of them together, and the SDK for it.
    """

    def run() -> None:
        program()
        SETTINGS.rpc_manager.rpcs.append(asyncio.ensure_future(_settled()))

    return run


async def _settled() -> None:
    requests = SETTINGS.rpc_manager
    while requests.unhandled_exception is None:
        own = asyncio.current_task()
        tasks = [*SETTINGS.outputs, *(one for one in requests.rpcs if isinstance(one, asyncio.Task))]
        under_way = [task for task in tasks if task is not own and not task.done()]
        if not under_way:
            return
        await asyncio.wait(under_way, timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_EXCEPTION)
