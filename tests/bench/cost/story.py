"""One visit as it usually goes, through the connector's real parts, every operation counted.

Two people and one rejoin: a patient who waits, a clinician who opens the meeting, a patient who is admitted, loses
the network for a while and comes back; both leave; later the timers settle the visit.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jwcrypto import jwk

from shared.identifiers import ConnectionKey, Role, VisitKey
from shared.jose import KeySource
from shared.presence.model import Status
from shared.visits.attendance import participant_key
from shared.visits.model import Phase
from shared.visits.ports import EhrUser
from shared.visits.pulse import Pulse, PulseStore
from shared.wiring import Connector
from tests.bench import connections, notes
from tests.bench.cost.outside import BASE_URL, Ehr, graph
from tests.bench.cost.queues import MemoryQueueClient
from tests.bench.cost.tables import MemoryTables
from tests.bench.cost.tally import DOOR, MESSAGES, QUEUE, WORKERS, Tally
from tests.support.fakes import Clock
from tests.support.notifications import encrypted, token_claims
from tests.support.tokens import public, rsa_key, settings, signed

TOLD = 6
"""Clinician connected and disconnected, patient twice each."""
_DAY = 24 * 3600


@dataclass(frozen=True)
class AlwaysThere:
    """The pulse as it costs, but a clock that jumps is no absence."""

    real: PulseStore
    now: Callable[[], datetime]

    def read(self) -> Pulse | None:
        """A pulse of this moment."""
        self.real.read()
        return Pulse(self.now())

    def write(self, pulse: Pulse) -> None:
        """Keep it."""
        self.real.write(pulse)


class Story:
    """A connector in memory, and visits that go through it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for the connector's keys."""
        from shared.store.queues import QueuePointers  # noqa: PLC0415 - the queue's library is heavy

        self.tally = Tally()
        self.clock = Clock()
        self.settings = settings(local_key_directory=folder, rejoin_debounce_seconds=20)
        self.parts = Connector(self.settings, self.clock)
        self.ehr = Ehr(self.tally, self.settings, self.clock)
        self.queue = MemoryQueueClient(self.tally, self.clock)
        self._signer: jwk.JWK = rsa_key()
        self._signed, self._signed_at = "", 0
        entra = SimpleNamespace(
            graph_token=lambda tenant: f"token of {tenant}",
            keys=KeySource(lambda: public(self._signer), self.clock),
        )
        vars(self.parts).update(
            tables=MemoryTables(self.tally),
            pointers=QueuePointers(self.queue),  # type: ignore[arg-type]
            ehr_http=self.ehr.http(),
            microsoft_http=graph(self.tally, self.clock),
            entra=entra,
        )
        vars(self.parts)["rounds"] = replace(self.parts.rounds, workers=1)
        always_there = AlwaysThere(self.parts.upkeep.pulses, self.clock)
        vars(self.parts)["upkeep"] = replace(self.parts.upkeep, pulses=always_there)
        vars(self.parts)["outbox"] = replace(self.parts.outbox, sleep=self._sleep)
        self.connection = connections.approved(self.parts, BASE_URL)
        self.parts.clinician_store.link(self.connection, EhrUser("PROV1", "1"), str(uuid.uuid4()))
        self._clinician = self.parts.clinician_store.object_id(self.connection, "PROV1") or ""
        self.tally.taken()

    def _sleep(self, seconds: float) -> None:
        self.clock.forward(seconds)

    def open(self, number: int) -> tuple[VisitKey, str]:
        """Both launch, and the patient goes on to the meeting; the visit, and the patient's key in it."""
        session = f"CSN{number}"
        self.launch(Role.PATIENT, session, f"PAT{number}", "2")
        self.clock.forward(1)
        self.launch(Role.PROVIDER, session, "PROV1", "1")
        key, patient = self.key(session), participant_key(self.parts.sealer, Role.PATIENT, f"PAT{number}")
        self.tally.add(DOOR)
        self.parts.reception.join(key, patient)
        return key, patient

    def begin(self, number: int) -> VisitKey:
        """Both meet, part and meet again; nobody is there any more, and the visit is still open."""
        key, _ = self.open(number)
        legs = {"clinician": str(uuid.uuid4()), "first": str(uuid.uuid4()), "second": str(uuid.uuid4())}
        self.notify(key, _joined(legs["clinician"], self._user()))
        self.clock.forward(5)
        self.notify(key, _joined(legs["first"], _GUEST, lobby=True))
        self.clock.forward(10)
        self.notify(key, _joined(legs["first"], _GUEST))
        self.clock.forward(300)
        self.notify(key, _left(legs["first"]))
        self.clock.forward(40)
        self.work()
        self.notify(key, _joined(legs["second"], _GUEST, lobby=True))
        self.clock.forward(5)
        self.notify(key, _joined(legs["second"], _GUEST))
        self.clock.forward(600)
        self.notify(key, _left(legs["second"]))
        self.clock.forward(5)
        self.notify(key, _left(legs["clinician"]))
        self.clock.forward(40)
        self.work()
        return key

    def launch(self, role: Role, session: str, user: str, kind: str) -> Counter[str]:
        """Both legs of a launch; what the second one cost until the browser was sent on."""
        self.tally.add(DOOR, 2)
        desk = self.parts.desk
        target = self.parts.launch_target(self.connection.connection)
        departure = desk.begin(target, role, {"iss": [BASE_URL], "launch": ["opaque"]})
        before = Counter(self.tally.counts)
        pending = desk.pending_launch(departure.cookie, departure.state)
        code = departure.state
        self.ehr.nonces[code] = pending.nonce
        self.ehr.context[code] = {"sessionId": session, "externalId": user, "externalIdType": kind}
        desk.complete(self.parts.launch_target(self.connection.connection), pending, code)
        cost = self.tally.counts - before
        self.work()
        return cost

    def notify(self, key: VisitKey, participant: Mapping[str, Any]) -> None:
        """Graph tells of one change of the roster; the worker takes it from the queue."""
        moment = self.clock().isoformat()
        resource = {**notes.call_event(), "eventDateTime": moment, "participants@delta": [participant]}
        content = encrypted(self.parts.keys, resource)  # type: ignore[arg-type]
        body = notes.body(notes.item(self.parts, key, content), tokens=(self._token(key.connection),))
        self.tally.add(DOOR)
        taken = self.parts.take_in(json.loads(body))
        self.tally.add(MESSAGES)
        self.tally.add(QUEUE, 3)
        self.tally.add(WORKERS)
        self.parts.inbox.work(taken.message)
        self.work()

    def work(self) -> None:
        """The worker of writebacks takes what is visible."""
        while (text := self.queue.take()) is not None:
            self.tally.add(WORKERS)
            self.parts.deliver(text)

    def finish(self) -> None:
        """Time passes after a visit: its report is asked for, and it is settled."""
        self.clock.forward(minutes=11)
        self.parts.reconcile.run()
        self.clock.forward(minutes=20)
        self.parts.upkeep.settle()

    def timers(self) -> dict[str, Counter[str]]:
        """Each timer once, and what it cost."""
        upkeep = self.parts.upkeep
        runs: dict[str, Callable[[], object]] = {
            "sweep_writebacks": upkeep.sweep,
            "renew_subscriptions": upkeep.renew_subscriptions,
            "settle_visits": upkeep.settle,
            "reconcile_visits": self.parts.reconcile.run,
        }
        self.tally.taken()
        found = {}
        for name, run in runs.items():
            run()
            found[name] = self.tally.taken()
        return found

    def settled(self, key: VisitKey) -> bool:
        """Whether everything was told and the people are forgotten."""
        visit = self.parts.visit_store.read(key)
        writebacks = [one for person in visit.participants.values() for one in person.writebacks] if visit else []
        delivered = sum(one.status is Status.DELIVERED for one in writebacks)
        return visit is not None and visit.phase is Phase.SETTLED and delivered == TOLD

    def key(self, session: str) -> VisitKey:
        """The key of a visit."""
        hashed = self.parts.sealer.keyed_hash("session id", self.connection.connection, session)
        return VisitKey(self.connection, hashed)

    def _user(self) -> dict[str, Any]:
        return {"user": {"id": self._clinician, "tenantId": self.connection.tenant.tenant}}

    def _token(self, connection: ConnectionKey) -> str:
        """Graph's validation token; the same for a day, as signing takes longer than all the rest."""
        now = int(self.clock().timestamp())
        if now - self._signed_at > _DAY:
            self._signed_at = now
            claims = token_claims(connection.tenant.tenant, iat=now, nbf=now, exp=now + 2 * _DAY)
            self._signed = signed(self._signer, claims)
        return self._signed


_GUEST: dict[str, Any] = {"guest": {"id": "made-up", "displayName": "Made-up Guest"}}


def _joined(leg: str, identity: Mapping[str, Any], *, lobby: bool = False) -> dict[str, Any]:
    return {"id": leg, "info": {"identity": identity}, "isInLobby": lobby}


def _left(leg: str) -> dict[str, Any]:
    return {"id": leg, "removedState": {"reason": "Participant has left the meeting call."}}
