"""Oracle Health Millennium: an appointment's status and its video links, by JSON Patch.

Oracle's documents ("Patch an appointment", R4): `If-Match` is mandatory; a wrong version is 409, none 412; 423 while
somebody changes the appointment, 424 while something fails that the change depends on. Statuses may go from booked
to arrived or checked-in, from arrived to checked-in, and from checked-in to fulfilled. The four operations of the
video links come together, all add or all replace; anything else is 422, and add where there are links already 409.
"""

from collections.abc import Callable, Mapping

from shared.clock import Clock
from shared.connections.model import ConnectionSettings
from shared.ehr.answers import DELIVERED, NotToldError, given_up
from shared.ehr.backend import Backend
from shared.ehr.fhir_rest import FhirRest, Operations, Resource, is_id, objects
from shared.ehr.fhir_rules import lies_ahead, must_take_part, reference_to
from shared.ehr.kinds import Addressee
from shared.identifiers import Role
from shared.presence.model import State
from shared.visits.ports import Abilities, StatusMessage, Told

LONGEST_LINK = 255
_PASSING = frozenset({423, 424})
"""Locked, and failed dependency: nothing was changed, and the EHR's own next step may succeed."""
_BEFORE: Mapping[str, frozenset[str]] = {
    "arrived": frozenset({"booked"}),
    "checked-in": frozenset({"booked", "arrived"}),
    "fulfilled": frozenset({"checked-in"}),
}
_LINKS = (0, 1)
"""Places in `contained`: the provider's room, and the patient's."""
_NO_SUCH = "connector-test"
_NOT_THERE = ("HTTP 400", "HTTP 404", "HTTP 410")


class OracleTeller:
    """The kind `oracle`."""

    def __init__(self, backend: Backend, now: Clock) -> None:
        self._backend = backend
        self._now = now

    def abilities(self, settings: ConnectionSettings) -> Abilities:
        """What the writes that are chosen can say. A status says how it is now, and the EHR stamps the time."""
        chosen = settings.oracle
        everybody = frozenset({State.DISCONNECTED} if chosen.appointment_fulfilled else ())
        return Abilities(
            everybody,
            by_role={
                Role.PATIENT: everybody | ({State.CONNECTED} if chosen.patient_connected else set()),
                Role.MEETING: frozenset({State.OPENED} if chosen.video_links else ()),
            },
            repeats=everybody,
        )

    def tell(self, to: Addressee, message: StatusMessage) -> Told:
        """Tell it, once; without effect where the appointment says so already."""
        chosen = to.settings.oracle
        if message.role is Role.MEETING:
            return self._change(to, message, lambda resource: video_links(resource, message.join_url))
        if message.state is State.CONNECTED and message.role is Role.PATIENT and chosen.patient_connected:
            target: str = chosen.patient_connected
        elif message.last and chosen.appointment_fulfilled:
            target = "fulfilled"
        else:
            return DELIVERED

        def wanted(appointment: Resource) -> Operations | None:
            if message.role is Role.PATIENT:
                must_take_part(appointment, reference_to(message.user), to.content.fhir_base_url)
            return status(appointment, target)

        return self._change(to, message, wanted)

    def try_out(self, to: Addressee) -> Told:
        """Read an appointment that cannot be there."""
        try:
            self._rest(to).read("Appointment", _NO_SUCH)
        except NotToldError as answered:
            return DELIVERED if answered.told.reason in _NOT_THERE else answered.told
        return DELIVERED

    def _change(self, to: Addressee, message: StatusMessage, wanted: Callable[[Resource], Operations | None]) -> Told:
        appointment = message.references.get("appointment", "")
        if not is_id(appointment):
            return given_up("no appointment in the launch")
        self._rest(to).change("Appointment", appointment, wanted)
        return DELIVERED

    def _rest(self, to: Addressee) -> FhirRest:
        send = self._backend.sender(to.content, to.settings.oracle.scope)
        return FhirRest(send, to.content.fhir_base_url, self._now, _PASSING)


def status(appointment: Resource, target: str) -> Operations | None:
    """The operation that gives an appointment a status, None if it has come as far. Raises NotToldError. Pure."""
    if not lies_ahead(appointment, target):
        return None
    if appointment["status"] not in _BEFORE[target]:
        raise NotToldError(given_up(f"appointment is {appointment['status']}"))
    return [{"op": "replace", "path": "/status", "value": target}]


def video_links(appointment: Resource, join_url: str) -> Operations | None:
    """The four operations that give an appointment its links, None if it has them. Raises NotToldError. Pure."""
    if len(join_url) > LONGEST_LINK:
        raise NotToldError(given_up("join URL too long"))
    start, end = appointment.get("start"), appointment.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        raise NotToldError(given_up("appointment has no times"))
    present = [_link(appointment, place) for place in _LINKS]
    if present == [join_url, join_url]:
        return None
    values = {f"/contained/{place}/telecom/0/value": join_url for place in _LINKS}
    values |= {"/contained/0/telecom/0/period/start": start, "/contained/0/telecom/0/period/end": end}
    op = "replace" if any(present) else "add"
    return [{"op": op, "path": path, "value": value} for path, value in values.items()]


def _link(appointment: Resource, place: int) -> object:
    rooms = objects(appointment, "contained")[place : place + 1]
    return next((telecom.get("value") for room in rooms for telecom in objects(room, "telecom")), None)
