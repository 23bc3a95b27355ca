"""The meeting of a visit: one, however many launches arrive at once.

Whoever writes a claim into the visit first makes the meeting; the others wait until it stands. A claim runs
out, so that a crash while making the meeting leaves nothing locked; making it again finds the same meeting,
because Graph's createOrGet and the external id are the same.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from shared.clock import Clock
from shared.errors import ConnectorError
from shared.identifiers import VisitKey
from shared.sealing import Sealer
from shared.telemetry import Event, log
from shared.visits.attendance import Attendance
from shared.visits.model import Meeting, Phase, Subscription, Visit
from shared.visits.ports import ConflictError, Meetings, MeetingWish, VisitStore
from shared.visits.subscriptions import Subscriptions

_CLAIM_LIFETIME = timedelta(seconds=20)
_PATIENCE = timedelta(seconds=25)
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class MeetingRoom:
    """What a meeting is opened with."""

    visits: VisitStore
    meetings: Meetings
    sealer: Sealer
    now: Clock
    sleep: Callable[[float], None]
    meeting_lifetime: timedelta
    attendance: Attendance
    subscriptions: Subscriptions

    def open(self, visit: Visit, organizer: str, clinician: str, subject: str) -> Visit:
        """The visit with its meeting open, and the clinician an organizer or co-organizer of it.

        Args:
            visit: as last read.
            organizer: object id of who organises if there is no meeting yet.
            clinician: object id of who launched.
            subject: of the meeting, if it is made now; names nobody.

        Raises:
            ConnectorError: meeting_access_policy, meeting_refused, microsoft_unavailable, busy.
        """
        key = visit.key
        deadline = self.now() + _PATIENCE
        while self.now() < deadline:
            if visit.meeting and visit.phase is Phase.OPEN:
                return self._with_co_organizer(self.subscriptions.watched(visit), clinician)
            claimed = self._claim(visit, organizer)
            if claimed:
                opened = self._make(claimed, subject)
                return self._with_co_organizer(opened, clinician)
            self.sleep(_PAUSE_SECONDS)
            visit = self._read(key)
        raise ConnectorError("busy", retry_after=5)

    def _claim(self, visit: Visit, organizer: str) -> Visit | None:
        if visit.phase is Phase.OPENING and visit.claimed_until and visit.claimed_until > self.now():
            return None
        claimed = replace(
            visit,
            phase=Phase.OPENING,
            claim=secrets.token_hex(8),
            claimed_until=self.now() + _CLAIM_LIFETIME,
            organizer=visit.organizer or organizer,
        )
        try:
            return self.visits.save(visit, claimed)
        except ConflictError:
            return None

    def _make(self, claimed: Visit, subject: str) -> Visit:
        tenant = claimed.key.connection.tenant
        starts = self.now()
        wish = MeetingWish(
            external_id=self.sealer.keyed_hash("meeting external id", claimed.key.partition),
            subject=subject,
            starts=starts,
            ends=starts + self.meeting_lifetime,
        )
        try:
            meeting = self.meetings.create_or_get(tenant, claimed.organizer, wish)
            subscription = self._prepare(claimed, meeting)
        except ConnectorError:
            self._release(claimed)
            raise
        return self._store_meeting(claimed, meeting, subscription)

    def _prepare(self, claimed: Visit, meeting: Meeting) -> Subscription | None:
        """Settings and subscription side by side: a clinician is waiting."""
        tenant = claimed.key.connection.tenant
        with ThreadPoolExecutor(max_workers=1) as beside:
            subscribing = beside.submit(self.subscriptions.make, claimed.key, meeting)
            self.meetings.configure(tenant, meeting, ())
            return subscribing.result()

    def _release(self, claimed: Visit) -> None:
        """Another clinician may try as organizer: this one's meeting could not be made."""
        visit = claimed
        while visit.claim == claimed.claim and visit.phase is Phase.OPENING:
            free = replace(visit, phase=Phase.WAITING, claim="", claimed_until=None, organizer="")
            try:
                self.visits.save(visit, free)
            except ConflictError:
                visit = self._read(visit.key)
                continue
            return

    def _store_meeting(self, claimed: Visit, meeting: Meeting, subscription: Subscription | None) -> Visit:
        visit = claimed
        while True:
            if visit.meeting and visit.phase is Phase.OPEN:
                # Our claim ran out, and whoever had the next one was faster: theirs is the visit's one meeting.
                return visit
            opened = replace(
                visit,
                phase=Phase.OPEN,
                claim="",
                claimed_until=None,
                meeting=meeting,
                subscription=subscription or visit.subscription,
                opened=visit.opened if visit.meeting and visit.opened else self.now(),
            )
            opened = self.attendance.with_meeting(opened)
            try:
                saved = self.visits.save(visit, opened)
            except ConflictError:
                visit = self._read(visit.key)
                continue
            self.attendance.send_new(visit, saved)
            log(Event.MEETING_OPENED, visit=visit.key.session, connection=visit.key.connection.connection)
            return saved

    def _with_co_organizer(self, visit: Visit, clinician: str) -> Visit:
        while (meeting := visit.meeting) and clinician not in (meeting.organizer, *visit.co_organizers):
            added = replace(visit, co_organizers=(*visit.co_organizers, clinician))
            try:
                saved = self.visits.save(visit, added)
            except ConflictError:
                visit = self._read(visit.key)
                continue
            return self._tell_co_organizers(saved, meeting)
        return visit

    def _tell_co_organizers(self, visit: Visit, meeting: Meeting) -> Visit:
        """Graph replaces the whole list: tell it until what was told is what stands in the visit."""
        told: Sequence[str] = ()
        while set(told) != set(visit.co_organizers):
            told = visit.co_organizers
            try:
                self.meetings.configure(visit.key.connection.tenant, meeting, told)
            except ConnectorError as refused:
                # Without the right to admit, but in the meeting: better than no visit.
                log(Event.REQUEST_FAILED, level=logging.ERROR, visit=visit.key.session, code=refused.code)
            visit = self._read(visit.key)
        return visit

    def _read(self, key: VisitKey) -> Visit:
        visit = self.visits.read(key)
        if visit is None:
            raise ConnectorError("visit_expired")
        return visit
