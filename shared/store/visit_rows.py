"""How a visit becomes rows, and rows a visit. What names a person or opens a door is sealed."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.identifiers import Role, VisitKey
from shared.presence.model import Baton, Kind, Participant, Signal, Source, State, Status, Writeback
from shared.sealing import Sealer
from shared.store.tables import Row, time, time_or_none
from shared.stored import columns
from shared.visits.model import Asked, Meeting, Phase, Subscription, Visit

VISIT_ROW = "visit"
_PURPOSE = "visit row"

RowSet = dict[str, Any]
"""Rows of one visit, by RowKey."""


def rows_of(visit: Visit, sealer: Sealer) -> RowSet:
    """All rows of a visit.

    Sealing is made the same for the same content, so that what did not change does not look changed.
    """
    seal = _Seals(visit.key, sealer)
    found: RowSet = {VISIT_ROW: _visit_row(visit, seal)}
    for participant in visit.participants.values():
        found[f"participant:{participant.key}"] = _participant_row(participant, seal)
        for one in participant.writebacks:
            tail = f"{participant.key}:{one.sequence:04d}"
            found[f"transition:{tail}"] = columns(
                "Visits.transition", {"state": one.state.value, "at": one.at, "source": one.source.value}
            )
            found[f"writeback:{tail}"] = _writeback_row(one)
    for name, row in found.items():
        row |= {"PartitionKey": visit.key.partition, "RowKey": name}
    return found


def visit_of(key: VisitKey, found: Mapping[str, Row], sealer: Sealer) -> Visit:
    """The visit that the rows hold; its version is the caller's to add."""
    seal = _Seals(key, sealer)
    row = found[VISIT_ROW]
    meeting = json.loads(seal.open(row["meeting"])) if row.get("meeting") else None
    expires = time_or_none(row, "subscription_expires")
    participants: dict[str, Participant] = {}
    for name in sorted(found):
        kind, _, participant = name.partition(":")
        if kind == "participant":
            participants[participant] = _participant(participant, found, seal)
    return Visit(
        key=key,
        created=time(row, "created"),
        phase=Phase(row["phase"]),
        group=row.get("group", False),
        department=row.get("department", ""),
        session_id=seal.open(row["session_id"]) if row.get("session_id") else "",
        references=json.loads(seal.open(row["references"])) if row.get("references") else {},
        organizer=row.get("organizer", ""),
        claim=row.get("claim", ""),
        claimed_until=time_or_none(row, "claimed_until"),
        co_organizers=tuple(json.loads(row.get("co_organizers", "[]"))),
        meeting=Meeting(**meeting) if meeting else None,
        subscription=Subscription(row["subscription_id"], expires, time_or_none(row, "subscription_prolonged"))
        if expires
        else None,
        opened=time_or_none(row, "opened"),
        last_signal=time_or_none(row, "last_signal"),
        ends=tuple(datetime.fromisoformat(end) for end in json.loads(row.get("ends", "[]"))),
        asked=Asked(row.get("reports_tries", 0), time_or_none(row, "reports_asked"), row.get("reports_done", False)),
        participants=participants,
    )


def writeback_of(transition: Row, row: Row) -> Writeback:
    """The writeback that a transition row and a writeback row hold together."""
    return Writeback(
        sequence=int(row["RowKey"].rpartition(":")[2]),
        state=State(transition["state"]),
        at=time(transition, "at"),
        source=Source(transition["source"]),
        status=Status(row["status"]),
        due=time(row, "due"),
        reason=row.get("reason", ""),
        attempts=row.get("attempts", 0),
        first_try=time_or_none(row, "first_try"),
        last_try=time_or_none(row, "last_try"),
    )


def sealed_as(partition: str) -> str:
    """The purpose that values of a visit are sealed for, by the PartitionKey of its rows."""
    _, _, connection, session = partition.split("|")
    return f"{_PURPOSE} {connection}.{session}"


class _Seals:
    """Seals bound to one visit: a sealed value copied into another visit's row does not open."""

    def __init__(self, key: VisitKey, sealer: Sealer) -> None:
        self._purpose = sealed_as(key.partition)
        self._sealer = sealer

    def seal(self, plain: str) -> str:
        return self._sealer.seal_the_same(self._purpose, plain) if plain else ""

    def open(self, sealed: str) -> str:
        return self._sealer.open(self._purpose, sealed)


def _visit_row(visit: Visit, seal: _Seals) -> dict[str, Any]:
    meeting = visit.meeting
    return columns(
        "Visits.visit",
        {
            "created": visit.created,
            "phase": visit.phase.value,
            "group": visit.group,
            "department": visit.department,
            "session_id": seal.seal(visit.session_id),
            "references": seal.seal(json.dumps(dict(visit.references), sort_keys=True)) if visit.references else None,
            "organizer": visit.organizer,
            "claim": visit.claim,
            "claimed_until": visit.claimed_until,
            "co_organizers": json.dumps(visit.co_organizers) if visit.co_organizers else None,
            "meeting": seal.seal(json.dumps(vars(meeting), sort_keys=True)) if meeting else None,
            "subscription_id": visit.subscription.subscription_id if visit.subscription else None,
            "subscription_expires": visit.subscription.expires if visit.subscription else None,
            "subscription_prolonged": visit.subscription.prolonged if visit.subscription else None,
            "opened": visit.opened,
            "last_signal": visit.last_signal,
            "ends": json.dumps([end.isoformat() for end in visit.ends]) if visit.ends else None,
            "reports_tries": visit.asked.tries or None,
            "reports_asked": visit.asked.last,
            "reports_done": visit.asked.done or None,
        },
    )


def _participant_row(participant: Participant, seal: _Seals) -> dict[str, Any]:
    legs = {
        leg: [_signal_row(signal) for signal in sorted(signals)] for leg, signals in sorted(participant.legs.items())
    }
    external = (participant.external_id, participant.external_id_type)
    return columns(
        "Visits.participant",
        {
            "role": participant.role.value,
            "number": participant.number,
            "external": seal.seal(json.dumps(external)) if participant.external_id else None,
            "object_id": participant.object_id,
            "page_joined_at": participant.page_joined_at,
            "devices": participant.devices,
            "help_asked_at": participant.help_asked_at,
            "handled_at": participant.handled_at,
            "legs": json.dumps(legs) if legs else None,
            "state": participant.state.value if participant.state else None,
            "baton": participant.baton.token if participant.baton else None,
            "baton_due": participant.baton.due if participant.baton else None,
        },
    )


def _signal_row(signal: Signal) -> list[Any]:
    told = [signal.at.isoformat(), signal.kind.value]
    return told if signal.source is Source.CALL_EVENTS else [*told, signal.source.value]


def _signal(at: str, kind: int, source: str = Source.CALL_EVENTS.value) -> Signal:
    return Signal(datetime.fromisoformat(at), Kind(kind), Source(source))


def _writeback_row(one: Writeback) -> dict[str, Any]:
    return columns(
        "Visits.writeback",
        {
            "status": one.status.value,
            "due": one.due,
            "reason": one.reason,
            "attempts": one.attempts,
            "first_try": one.first_try,
            "last_try": one.last_try,
        },
    )


def _participant(key: str, found: Mapping[str, Row], seal: _Seals) -> Participant:
    row = found[f"participant:{key}"]
    external = json.loads(seal.open(row["external"])) if row.get("external") else ("", "")
    baton_due = time_or_none(row, "baton_due")
    prefix = f"writeback:{key}:"
    legs = json.loads(row.get("legs", "{}"))
    return Participant(
        key=key,
        role=Role(row["role"]),
        number=row["number"],
        external_id=external[0],
        external_id_type=external[1],
        object_id=row.get("object_id", ""),
        page_joined_at=time_or_none(row, "page_joined_at"),
        devices=row.get("devices", ""),
        help_asked_at=time_or_none(row, "help_asked_at"),
        handled_at=time_or_none(row, "handled_at"),
        legs={leg: frozenset(_signal(*signal) for signal in signals) for leg, signals in legs.items()},
        state=State(row["state"]) if row.get("state") else None,
        writebacks=tuple(
            writeback_of(found[name.replace("writeback:", "transition:", 1)], found[name])
            for name in sorted(found)
            if name.startswith(prefix)
        ),
        baton=Baton(row["baton"], baton_due) if baton_due else None,
    )
