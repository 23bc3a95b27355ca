"""What stands in the EHR against what should: every mix-up that an analyst can make has a name."""

from dataclasses import replace

import pytest

from shared.catalogue import entries
from shared.connections.compare import FIELDS, Surroundings, compare
from shared.connections.model import ConnectionSettings, Content
from shared.connections.records import IntegrationRecord, RecordKind, records
from shared.identifiers import ConnectionKey, Environment, Geography, TenantKey, new_connection_id

TENANT = TenantKey(Geography.EMEA, "11111111-2222-4333-8444-555555555555")
CONNECTION, OTHER_TEST, PRODUCTION = (ConnectionKey(TENANT, new_connection_id(TENANT.tenant)) for _ in range(3))
TEST_CLIENT, PRODUCTION_CLIENT = "client-of-test-environment", "client-of-production"
CONTENT = Content(
    fhir_base_url="https://ehr.example/api/FHIR/R4",
    environment=Environment.TEST,
    approver="11111111-2222-4333-8444-000000000001",
)
RECORDS = {
    record.kind: record
    for record in records(CONNECTION, CONTENT, launch_base="https://c.example/api/launch", client_id=TEST_CLIENT)
}
AROUND = Surroundings(
    connections={
        CONNECTION.connection: Environment.TEST,
        OTHER_TEST.connection: Environment.TEST,
        PRODUCTION.connection: Environment.PRODUCTION,
    },
    client_ids={TEST_CLIENT: Environment.TEST, PRODUCTION_CLIENT: Environment.PRODUCTION},
    environment=Environment.TEST,
    settings=ConnectionSettings(),
)
PROVIDER, GROUP = RECORDS[RecordKind.PROVIDER], RECORDS[RecordKind.GROUP_PROVIDER]


def block(record: IntegrationRecord, **changed: str) -> str:
    values = {"launch": record.launch_url, "client": record.client_id, "context": record.context_token, **changed}
    return f"Launch URL: {values['launch']}\nClient ID: {values['client']}\nContext token: {values['context']}\n"


def codes(record: IntegrationRecord, text: str) -> dict[str, tuple[str, ...]]:
    return {one.field: one.codes for one in compare(record, text, AROUND)}


@pytest.mark.parametrize("record", RECORDS.values(), ids=lambda record: record.kind.value)
def test_what_was_copied_whole_matches(record: IntegrationRecord) -> None:
    assert all(one.matches for one in compare(record, block(record), AROUND))


def test_what_a_record_has_not_got_need_not_stand_in_the_ehr() -> None:
    bare = replace(PROVIDER, context_token="")
    assert codes(bare, f"{bare.launch_url}\n{bare.client_id}") == {"launchUrl": (), "clientId": ()}


def test_values_without_labels_and_numbered_labels_are_understood() -> None:
    plain = f"{PROVIDER.launch_url}/\n{PROVIDER.client_id.upper()}\n{PROVIDER.context_token}"
    assert all(one.matches for one in compare(PROVIDER, plain, AROUND))
    numbered = block(PROVIDER).replace("Launch URL", "1 URL").replace("Client ID", "3 ClientID")
    assert all(one.matches for one in compare(PROVIDER, numbered.replace("Context token", "5 Context"), AROUND))


def test_what_was_not_pasted_is_said_not_guessed() -> None:
    assert codes(PROVIDER, PROVIDER.launch_url) == {
        "launchUrl": (),
        "clientId": ("not_found_in_text",),
        "contextToken": ("not_found_in_text",),
    }
    assert set(codes(PROVIDER, "")) == set(FIELDS)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PROVIDER.launch_url.replace("/provider", "/patient"), "other_role_url"),
        (PROVIDER.launch_url.replace(CONNECTION.connection, PRODUCTION.connection), "other_environment_url"),
        (PROVIDER.launch_url.replace(CONNECTION.connection, OTHER_TEST.connection), "other_connection_url"),
        (PROVIDER.launch_url.replace("c.example", "d.example"), "launch_url_differs"),
        ("https://somewhere.example/else", "launch_url_differs"),
    ],
    ids=["other role", "other environment", "other connection", "other host", "somewhere else"],
)
def test_another_launch_url_is_named_for_what_it_is(url: str, code: str) -> None:
    assert codes(PROVIDER, block(PROVIDER, launch=url))["launchUrl"] == (code,)


def test_the_other_environments_client_is_told_from_any_other() -> None:
    assert codes(PROVIDER, block(PROVIDER, client=PRODUCTION_CLIENT))["clientId"] == ("client_id_other_environment",)
    assert codes(PROVIDER, block(PROVIDER, client="some-other-client"))["clientId"] == ("client_id_differs",)


@pytest.mark.parametrize(
    ("record", "old", "new", "code"),
    [
        (GROUP, "%CONFERENCEID%", "%CSN%", "session_token_csn_for_group"),
        (PROVIDER, "%CSN%", "%CONFERENCEID%", "session_token_group_for_single"),
        (PROVIDER, "%CSN%", "%PATID%", "context_field_differs"),
        (PROVIDER, "&departmentId=%PERFDEPID;;; ; ;;NONE;%", "", "department_missing"),
        (PROVIDER, "&externalId=%EPICUSERID%", "", "user_id_missing"),
        (PROVIDER, "&externalIdType=1", "", "context_field_missing"),
        (PROVIDER, "externalIdType=1", "externalIdType=9", "context_field_differs"),
        (PROVIDER, "externalIdType=1", "externalIdType=1&more=%DOB%", "context_field_extra"),
    ],
)
def test_a_context_token_that_differs_is_told_by_field(
    record: IntegrationRecord, old: str, new: str, code: str
) -> None:
    assert old in record.context_token
    changed = record.context_token.replace(old, new)
    assert codes(record, block(record, context=changed))["contextToken"] == (code,)


def test_names_of_context_fields_match_in_any_letter_case() -> None:
    changed = PROVIDER.context_token.replace("sessionId", "SESSIONID")
    assert codes(PROVIDER, block(PROVIDER, context=changed))["contextToken"] == ()


def test_every_code_has_its_sentences_in_both_languages() -> None:
    for code, entry in entries("records").items():
        for language in ("en", "zh-CN"):
            assert entry[language]["said"], code
            assert entry[language]["change"], code
