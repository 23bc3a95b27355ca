"""How often to try again when somebody else wrote first: soon, then later and later, never in step with the others."""

import random
import time
from collections.abc import Callable, Iterator

MOST = 30
_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 0.3


def tries(sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """The numbers of the tries, with a pause before each but the first."""
    for number in range(MOST):
        if number:
            longest = min(_FIRST_PAUSE_SECONDS * 2**number, _LONGEST_PAUSE_SECONDS)
            sleep(random.uniform(0, longest))  # noqa: S311 - jitter, no secret
        yield number
