"""Visits of every shape, for the tests of the stores."""

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from shared.identifiers import ConnectionKey, Geography, Role, TenantKey, VisitKey, new_connection_id
from shared.presence.model import (
    PAGE_LEG,
    Baton,
    Kind,
    Participant,
    Signal,
    Source,
    State,
    Status,
    Writeback,
)
from shared.visits.model import Asked, Meeting, Phase, Subscription, Visit

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def new_connection() -> ConnectionKey:
    """A connection of a tenant of its own."""
    tenant = str(uuid.uuid4())
    return ConnectionKey(TenantKey(Geography.EMEA, tenant), new_connection_id(tenant))


def new_key(connection: ConnectionKey | None = None) -> VisitKey:
    """The key of a visit that is not there yet."""
    return VisitKey(connection or new_connection(), uuid.uuid4().hex)


def full_visit(key: VisitKey) -> Visit:
    """A visit with something in every field."""
    writeback = Writeback(
        sequence=1,
        state=State.CONNECTED,
        at=START,
        source=Source.CALL_EVENTS,
        status=Status.RETRYING,
        due=START + timedelta(seconds=2),
        reason="HTTP 503",
        attempts=3,
        first_try=START,
        last_try=START + timedelta(seconds=1),
    )
    patient = Participant(
        key="patient-0123456789abcdef",
        role=Role.PATIENT,
        number=1,
        external_id="PLAIN-PATIENT",
        external_id_type="PLAIN-TYPE",
        page_joined_at=START,
        legs={PAGE_LEG: frozenset({Signal(START, Kind.LOBBY)}), "ab12": frozenset({Signal(START, Kind.JOINED)})},
        state=State.CONNECTED,
        writebacks=(writeback,),
        baton=Baton("token", START),
    )
    provider = Participant(
        key="provider-0123456789abcdef",
        role=Role.PROVIDER,
        number=1,
        external_id="PLAIN-PROVIDER",
        external_id_type="1",
        object_id="oid-1",
    )
    return Visit(
        key=key,
        created=START,
        phase=Phase.OPEN,
        group=True,
        department="D-7",
        session_id="PLAIN-SESSION",
        references={"appointment": "PLAIN-APPOINTMENT", "encounter": "PLAIN-ENCOUNTER"},
        organizer="oid-1",
        claim="claim",
        claimed_until=START,
        co_organizers=("oid-2", "oid-3"),
        meeting=Meeting("PLAIN-MEETING", "https://teams.example/PLAIN-JOIN", "oid-1"),
        subscription=Subscription("subscription", START, START - timedelta(hours=1)),
        opened=START,
        last_signal=START,
        ends=(START, START + timedelta(hours=1)),
        asked=Asked(2, START + timedelta(hours=2), done=True),
        participants={one.key: one for one in (patient, provider)},
    )


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
perhaps = st.none() | moments
texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
names = st.text("0123456789abcdef", min_size=1, max_size=16)


@st.composite
def participants(draw: st.DrawFn) -> Participant:
    """Any participant that the rules can make."""
    role = draw(st.sampled_from(Role))
    external_id = draw(texts)
    count = draw(st.integers(0, 3))
    writebacks = tuple(
        draw(
            st.builds(
                Writeback,
                sequence=st.just(number),
                state=st.sampled_from(State),
                at=moments,
                source=st.sampled_from(Source),
                status=st.sampled_from(Status),
                due=moments,
                reason=texts,
                attempts=st.integers(0, 1000),
                first_try=perhaps,
                last_try=perhaps,
            )
        )
        for number in range(1, count + 1)
    )
    return Participant(
        key=f"{role.value}-{draw(names)}",
        role=role,
        number=draw(st.integers(1, 50)),
        external_id=external_id,
        external_id_type=draw(texts) if external_id else "",
        object_id=draw(names | st.just("")),
        page_joined_at=draw(perhaps),
        help_asked_at=draw(perhaps),
        handled_at=draw(perhaps),
        legs=draw(
            st.dictionaries(
                names | st.just(PAGE_LEG),
                st.frozensets(st.builds(Signal, moments, st.sampled_from(Kind)), min_size=1, max_size=3),
                max_size=3,
            )
        ),
        state=draw(st.none() | st.sampled_from(State)),
        writebacks=writebacks,
        baton=draw(st.none() | st.builds(Baton, names, moments)),
    )


def visits(key: VisitKey) -> st.SearchStrategy[Visit]:
    """Any visit with that key."""
    return st.builds(
        Visit,
        key=st.just(key),
        created=moments,
        phase=st.sampled_from(Phase),
        group=st.booleans(),
        department=texts,
        session_id=texts,
        organizer=names | st.just(""),
        claim=names | st.just(""),
        claimed_until=perhaps,
        co_organizers=st.lists(names, max_size=3).map(tuple),
        meeting=st.none() | st.builds(Meeting, texts, texts, names),
        subscription=st.none() | st.builds(Subscription, names, moments),
        opened=perhaps,
        last_signal=perhaps,
        ends=st.lists(moments, max_size=3).map(tuple),
        asked=st.builds(Asked, st.integers(0, 4), st.none() | moments, st.booleans()),
        participants=st.lists(participants(), max_size=4, unique_by=lambda one: one.key).map(
            lambda some: {one.key: one for one in some}
        ),
        version=st.just(""),
    )
