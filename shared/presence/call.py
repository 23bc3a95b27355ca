"""When the call is over. Pure; a call that begins after that in the same meeting is another one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.presence.fold import with_ends
from shared.presence.model import PAGE_LEG, Kind, Legs


def ended(everybody: Iterable[Legs], ends: Iterable[datetime], grace: timedelta, now: datetime) -> datetime | None:
    """When the last call of a meeting was over, or None if it is not, or if there was none.

    An end for all ends it at once, unless something happened after that. Graph does not say reliably that the last
    one has left; so a call of which everybody is gone is over when nobody came back for `grace`.

    Args:
        everybody: the signals of each participant. Our own page is no part of the call, the lobby is.
        ends: when the meeting was ended for all.
        grace: how long a meeting may be empty without being over: the debounce, for the question is the same.
        now: the present.
    """
    ends = tuple(ends)
    legs = [
        signals for one in everybody for leg, signals in with_ends(one, ends).items() if leg != PAGE_LEG and signals
    ]
    if any(signals[-1].kind is not Kind.LEFT for signals in legs):
        return None
    last = max((signals[-1].at for signals in legs), default=None)
    for_all = max(ends, default=None)
    if for_all is not None and (last is None or last <= for_all):
        return for_all
    return last if last is not None and now >= last + grace else None
