"""Work for which a function on the event loop may not wait there, in threads that nothing else uses.

The worker's own pool may be full of functions that wait for Graph, whose notifications come in on the loop
(`docs/decisions/0017-graph-doors-on-the-event-loop.md`, `docs/decisions/0020-large-batches-in-blobs.md`); launches
stay there as long as nothing has to be asked for (`docs/decisions/0035-launches-begin-on-the-event-loop.md`).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_AT_THE_DOOR = ThreadPoolExecutor(4, thread_name_prefix="beside-the-door")
_AT_LAUNCHES = ThreadPoolExecutor(32, thread_name_prefix="beside-launches")
"""As many as the worker's own pool has (PYTHON_THREADPOOL_THREAD_COUNT): hospitals that do not answer hold threads."""
_Result = TypeVar("_Result")
LONGEST_SECONDS = 8.0
"""Graph waits 10 seconds for the answer to a notification that it sends again (2.2 of its delivery rules)."""


async def beside(work: Callable[[], None]) -> None:
    """Do the work beside the loop, and wait for its end.

    Raises:
        TimeoutError: it took longer than LONGEST_SECONDS; it may still be done later.
        Exception: whatever the work raises.
    """
    await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(_AT_THE_DOOR, work), LONGEST_SECONDS)


async def beside_launches(work: Callable[[], _Result]) -> _Result:
    """Do the work beside the loop, for as long as it takes. Raises whatever the work raises."""
    return await asyncio.get_running_loop().run_in_executor(_AT_LAUNCHES, work)
