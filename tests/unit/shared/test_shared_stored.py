"""What may be stored is one list: nothing else has a way in, and the privacy receipt is made from it."""

from datetime import UTC, datetime

import pytest

from shared.catalogue import entries
from shared.errors import LANGUAGES
from shared.identifiers import Role
from shared.presence.model import Kind
from shared.sealing import Sealer
from shared.store.visit_rows import rows_of
from shared.stored import NotInSchemaError, columns, stored_fields
from tests.support.house import House, entra, event


def test_a_column_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(NotInSchemaError, match="patient_name"):
        columns("Visits.visit", {"phase": "open", "patient_name": "x"})
    with pytest.raises(NotInSchemaError):
        columns("Visits.unknown", {"phase": "open"})


def test_times_are_text_and_empty_values_are_left_out() -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    stored = columns("Visits.visit", {"created": moment, "phase": "", "organizer": None, "group": False})
    assert stored == {"created": "2026-01-02T03:04:00+00:00", "group": False}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_field_says_what_why_and_until_when(language: str) -> None:
    fields = stored_fields(language)  # type: ignore[arg-type]
    assert len(fields) == len(entries("stored"))
    assert all(field.what and field.why and field.until for field in fields)


def test_what_can_lead_to_a_person_is_encrypted() -> None:
    assert {f"{one.table}.{one.column}" for one in stored_fields("en") if one.names_a_person} == {
        "Clinicians.ehr_user",
        "Visits.session_id",
        "Visits.references",
        "Visits.meeting",
        "Visits.external",
    }
    assert all(one.encrypted for one in stored_fields("en") if one.names_a_person)


def test_a_whole_visit_stores_no_external_id_session_id_or_join_url_in_clear() -> None:
    house = House()
    house.patient_launch("PATIENT-EXTERNAL", departmentId="DEP")
    house.provider_launch("PROVIDER-EXTERNAL")
    house.happen(event(10, "d", Kind.JOINED, entra("oid-1")))
    text = repr(rows_of(house.visit(), Sealer(b"k" * 32)))
    meeting = house.visit().meeting
    assert meeting is not None
    for secret in ("PATIENT-EXTERNAL", "PROVIDER-EXTERNAL", "csn-1", meeting.join_url):
        assert secret not in text
    assert Role.PATIENT.value in text
