"""Who may deliver: at most one queue message at a time holds a participant's baton.

The baton is written in the same transaction as the writebacks; its message is sent after. A message whose
baton is not the one on record is of the past and does nothing.
"""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from shared.presence.model import Baton, Participant

ABANDONED_AFTER = timedelta(minutes=6)
"""A baton this long overdue was lost with its message: whoever works renews it, and no call takes so long."""
_OLD_AFTER = timedelta(minutes=1)


def with_baton(participant: Participant, now: datetime) -> Participant:
    """The participant with a baton that is due when the next writeback is.

    A baton that is due already is being worked on: its worker will see what was added. One that is due only
    later is replaced when something has to be told sooner; one that was lost, in any case.
    """
    unsettled = participant.unsettled
    held = participant.baton
    is_lost = held is not None and held.due < now - ABANDONED_AFTER
    if not unsettled:
        is_idle = held is not None and held.due > now
        return replace(participant, baton=None) if is_idle or is_lost else participant
    due = unsettled[0].due
    if held is None or is_lost or (held.due > now and held.due != due):
        return replace(participant, baton=Baton(secrets.token_hex(8), max(due, now)))
    return participant


def renewed(participant: Participant, now: datetime) -> Participant:
    """The participant whose baton is in hand: due anew if it has been due for long, so that nobody takes it for lost.

    A message may have waited, and a worker may have much to tell.
    """
    held = participant.baton
    if held is None or held.due >= now - _OLD_AFTER:
        return participant
    return replace(participant, baton=Baton(held.token, now))
