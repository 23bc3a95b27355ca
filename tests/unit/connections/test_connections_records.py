"""Integration records, letter by letter: an analyst copies them, and one wrong letter is a visit that fails."""

import pytest

from shared.connections.records import RecordKind, records
from tests.support.connections import KEY, content

TOKENS = {
    RecordKind.PROVIDER: (
        "sessionId=%CSN%&departmentId=%PERFDEPID;;; ; ;;NONE;%&externalId=%EPICUSERID%&externalIdType=1"
    ),
    RecordKind.PATIENT: "sessionId=%CSN%&departmentId=%PERFDEPID;;; ; ;;NONE;%&externalId=%PATID%&externalIdType=2",
    RecordKind.GROUP_PROVIDER: (
        "sessionId=%CONFERENCEID%&departmentId=%PERFDEPID;;; ; ;;NONE;%"
        "&externalId=%EPICUSERID%&externalIdType=1&visit=group"
    ),
    RecordKind.GROUP_PATIENT: (
        "sessionId=%CONFERENCEID%&departmentId=%PERFDEPID;;; ; ;;NONE;%&externalId=%PATID%&externalIdType=2&visit=group"
    ),
}


def made(**settings: object) -> dict[RecordKind, tuple[str, str, str, str]]:
    whole = content(settings=settings)
    found = records(KEY, whole, launch_base="https://connector.example/api/launch", client_id="client-test")
    return {one.kind: (one.launch_url, one.client_id, one.context_token, one.fingerprint) for one in found}


@pytest.mark.parametrize("kind", TOKENS)
def test_a_record_is_this_text(kind: RecordKind) -> None:
    role = kind.value.removeprefix("group-")
    assert made()[kind] == (
        f"https://connector.example/api/launch/{KEY.connection}/{role}",
        "client-test",
        TOKENS[kind],
        content().fingerprint,
    )


def test_group_records_differ_in_the_session_and_in_saying_so() -> None:
    found = made()
    for alone, group in (
        (RecordKind.PROVIDER, RecordKind.GROUP_PROVIDER),
        (RecordKind.PATIENT, RecordKind.GROUP_PATIENT),
    ):
        assert found[group][0] == found[alone][0]
        assert found[group][2] == found[alone][2].replace("%CSN%", "%CONFERENCEID%") + "&visit=group"


def test_names_and_mnemonics_are_settings_of_the_revision() -> None:
    context = {"session_id": "sid", "user_id": "uid", "user_id_type": "ut", "department": "dep", "visit": "v"}
    mnemonics = {
        "session_id": "%A%",
        "group_session_id": "%B%",
        "provider_id": "%C%",
        "provider_id_type": "9",
        "patient_id": "%D%",
        "patient_id_type": "8",
        "department": "%E%",
    }
    found = made(context=context, mnemonics=mnemonics)
    assert found[RecordKind.PROVIDER][2] == "sid=%A%&dep=%E%&uid=%C%&ut=9"
    assert found[RecordKind.GROUP_PATIENT][2] == "sid=%B%&dep=%E%&uid=%D%&ut=8&v=group"
    assert found[RecordKind.PROVIDER][3] != made()[RecordKind.PROVIDER][3]


@pytest.mark.parametrize("kind", ["fhir", "oracle"])
def test_an_ehr_without_context_tokens_has_none_and_no_groups(kind: str) -> None:
    whole = content(ehr_kind=kind)
    found = records(KEY, whole, launch_base="https://connector.example/api/launch", client_id="client-test")
    assert [one.kind for one in found] == [RecordKind.PROVIDER, RecordKind.PATIENT, RecordKind.DEVICE_TEST]
    assert {one.context_token for one in found} == {""}


@pytest.mark.parametrize("kind", ["epic", "webhook", "none"])
def test_how_an_ehr_is_told_does_not_change_how_it_launches(kind: str) -> None:
    whole = content(ehr_kind=kind)
    found = records(KEY, whole, launch_base="https://connector.example/api/launch", client_id="client-test")
    assert [one.context_token for one in found] == [one[2] for one in made().values()]
