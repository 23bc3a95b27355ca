"""Work that a door on the event loop may not wait for itself, in a few threads that nothing else uses.

The worker's own pool may be full of functions that wait for Graph, whose notifications come in at these doors
(`docs/decisions/0017-graph-doors-on-the-event-loop.md`, `docs/decisions/0020-large-batches-in-blobs.md`).
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_THREADS = ThreadPoolExecutor(4, thread_name_prefix="beside-the-door")
LONGEST_SECONDS = 8.0
"""Graph waits 10 seconds for the answer to a notification that it sends again (2.2 of its delivery rules)."""


async def beside(work: Callable[[], None]) -> None:
    """Do the work beside the loop, and wait for its end.

    Raises:
        TimeoutError: it took longer than LONGEST_SECONDS; it may still be done later.
        Exception: whatever the work raises.
    """
    await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(_THREADS, work), LONGEST_SECONDS)
