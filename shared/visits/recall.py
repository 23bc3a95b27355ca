"""An EHR answers again: what waits for it is called back now, and not when its turn would have come. Pure."""

import random
from dataclasses import replace
from datetime import datetime, timedelta

from shared.presence.model import EHR_DOWN, Participant, Status, Writeback
from shared.visits.model import Visit

_SPREAD = timedelta(seconds=20)
_SOON = timedelta(seconds=30)


def recalled(visit: Visit, answers_since: datetime, now: datetime) -> Visit:
    """The visit with everything due soon that was last put off before its EHR answered again."""
    participants = {key: _recalled(one, answers_since, now) for key, one in visit.participants.items()}
    return visit if participants == visit.participants else replace(visit, participants=participants)


def _recalled(participant: Participant, answers_since: datetime, now: datetime) -> Participant:
    writebacks = tuple(
        replace(one, due=now + _SPREAD * random.random())  # noqa: S311 - jitter, no secret
        if _waits(one, answers_since, now)
        else one
        for one in participant.writebacks
    )
    return participant if writebacks == participant.writebacks else replace(participant, writebacks=writebacks)


def _waits(one: Writeback, answers_since: datetime, now: datetime) -> bool:
    put_off = one.status is Status.RETRYING or one.reason == EHR_DOWN
    last = one.last_try or one.first_try
    return put_off and not one.is_settled and one.due > now + _SOON and last is not None and last <= answers_since
