"""What a launch says and what is believed of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ConnectorError
from shared.identifiers import Role
from shared.visits.launch import (
    FHIR_USER_TYPES,
    LaunchContext,
    PendingLaunch,
    context_of,
    is_identifier,
    one_value,
    same_base_url,
    session_from_query,
)
from shared.visits.ports import EhrAnswer, EhrUser
from shared.visits.ways import cookie_name
from tests.support.fakes import START
from tests.support.house import TARGET


def context(
    fields: dict[str, str],
    *,
    query: str = "",
    role: Role = Role.PROVIDER,
    subject: str = "fhir-user",
    fhir_user: str | None = None,
) -> LaunchContext:
    pending = PendingLaunch(
        connection=TARGET.key.connection,
        role=role,
        state="s",
        nonce="n",
        verifier="v",
        session_from_query=query,
        expires=START + timedelta(minutes=10),
    )
    if fhir_user is None:
        return context_of(TARGET, pending, EhrAnswer(subject, fields))
    by_fhir = replace(TARGET, fhir_users=True, default_user_types=FHIR_USER_TYPES)
    return context_of(by_fhir, pending, EhrAnswer(subject, fields, fhir_user))


@pytest.mark.parametrize(
    ("fields", "query", "expected"),
    [
        ({"sessionId": "token", "appointment": "a", "encounter": "e"}, "query", "token"),
        ({"appointment": "a", "encounter": "e"}, "query", "query"),
        ({"appointment": "a", "encounter": "e"}, "", "a"),
        ({"encounter": "e"}, "", "e"),
        ({"sessionId": "%CSN%", "appointment": "a"}, "query", "query"),
        ({"sessionId": "  ", "appointment": "%X%", "encounter": "e"}, "", "e"),
    ],
)
def test_session_id_comes_from_the_first_that_has_one(fields: dict[str, str], query: str, expected: str) -> None:
    assert context(fields, query=query).session_id == expected


@pytest.mark.parametrize("name", ["sessionId", "sessionid", "SESSIONID", "SessionID"])
def test_the_letter_case_of_a_field_does_not_matter(name: str) -> None:
    assert context({name: "csn-1"}).session_id == "csn-1"


def test_the_connection_can_name_other_fields() -> None:
    target = replace(TARGET, session_field="csn", user_field="who", user_type_field="kind", department_field="dep")
    pending = PendingLaunch(
        connection="c", role=Role.PATIENT, state="s", nonce="n", verifier="v", session_from_query="", expires=START
    )
    fields = {"CSN": "1", "Who": "PAT9", "KIND": "7", "Dep": "D1", "sessionId": "no"}
    found = context_of(target, pending, EhrAnswer("sub", fields))
    assert (found.session_id, found.user.external_id, found.user.external_id_type, found.department) == (
        "1",
        "PAT9",
        "7",
        "D1",
    )


def test_without_any_session_id_the_launch_ends_and_the_field_is_named() -> None:
    with pytest.raises(ConnectorError) as refused:
        context({"sessionId": "%CSN%", "externalId": "PROV1"})
    assert refused.value.code == "session_id_missing"
    assert refused.value.facts == {"field": "sessionId"}


def test_who_has_no_external_id_is_named_by_the_subject_of_the_id_token() -> None:
    found = context({"sessionId": "1", "externalId": "%EPICUSERID%"}, subject="fhir-7")
    assert found.user.external_id == "fhir-7"


@pytest.mark.parametrize("subject", ["", "x" * 300, "lone \ud800"])
def test_a_subject_that_names_nobody_is_refused(subject: str) -> None:
    with pytest.raises(ConnectorError) as refused:
        context({"sessionId": "1"}, subject=subject)
    assert refused.value.code == "id_token_invalid"


@pytest.mark.parametrize(("role", "expected"), [(Role.PROVIDER, "1"), (Role.PATIENT, "2")])
def test_the_type_of_an_id_is_the_connections_unless_the_ehr_says_one(role: Role, expected: str) -> None:
    assert context({"sessionId": "1", "externalId": "X"}, role=role).user.external_id_type == expected
    unfilled = {"sessionId": "1", "externalId": "X", "externalIdType": "%T%"}
    assert context(unfilled, role=role).user.external_id_type == expected
    said = {"sessionId": "1", "externalId": "X", "externalIdType": "9"}
    assert context(said, role=role).user.external_id_type == "9"


def test_an_unfilled_department_is_none() -> None:
    assert context({"sessionId": "1", "departmentId": "%PERFDEPID;;; ; ;;NONE;%"}).department == ""
    assert context({"sessionId": "1", "departmentId": "10"}).department == "10"


@pytest.mark.parametrize(("value", "expected"), [("group", True), ("", False), ("single", False), ("%VISIT%", False)])
def test_only_the_word_group_makes_a_group_visit(value: str, *, expected: bool) -> None:
    assert context({"sessionId": "1", "visit": value}).group is expected


@pytest.mark.parametrize(
    "value", ["", "   ", "%CSN%", "%PERFDEPID;;; ; ;;NONE;%", "%%", "a\nb", "a\x00", "\x7f", "x" * 257, "a\ud800"]
)
def test_what_can_be_no_identifier(value: str) -> None:
    assert not is_identifier(value)


@pytest.mark.parametrize("value", ["1", "CSN-10.20^7", "50%", "%50", "x" * 256, "编号 7"])
def test_what_can_be_an_identifier(value: str) -> None:
    assert is_identifier(value)


@settings(max_examples=200)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=20))
def test_every_identifier_can_be_hashed_and_stored(value: str) -> None:
    if is_identifier(value):
        assert value.encode().decode() == value
        assert value.strip()


def test_a_parameter_must_be_there_once() -> None:
    assert one_value({"iss": ["x"]}, "iss") == "x"
    queries: list[dict[str, list[str]]] = [{}, {"iss": []}, {"iss": [""]}, {"iss": ["x" * 8193]}]
    for query in queries:
        with pytest.raises(ConnectorError) as missing:
            one_value(query, "iss")
        assert missing.value.code == "launch_parameter_missing"
    with pytest.raises(ConnectorError) as repeated:
        one_value({"iss": ["x", "x"]}, "iss")
    assert repeated.value.code == "launch_parameter_repeated"
    assert repeated.value.facts == {"parameter": "iss"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"sessionId": ["1"]}, "1"),
        ({"SESSIONID": ["1"]}, "1"),
        ({}, ""),
        ({"sessionId": ["1", "2"]}, ""),
        ({"sessionId": ["1"], "sessionid": ["1"]}, ""),
        ({"sessionId": ["%CSN%"]}, ""),
        ({"session": ["1"]}, ""),
    ],
)
def test_the_launch_urls_own_session_id(query: dict[str, list[str]], expected: str) -> None:
    assert session_from_query(query, "sessionId") == expected


BASE = "https://ehr.example/prefix/api/FHIR/R4"


@pytest.mark.parametrize(
    "same",
    [
        BASE,
        BASE + "/",
        f"  {BASE}/ ",
        "HTTPS://EHR.Example/prefix/api/FHIR/R4",
        "https://ehr.example:443/prefix/api/FHIR/R4",
    ],
)
def test_the_same_base_url_in_other_dress(same: str) -> None:
    assert same_base_url(same, BASE)
    assert same_base_url(BASE, same)


@pytest.mark.parametrize(
    "other",
    [
        "",
        "https://ehr.example/PREFIX/api/FHIR/R4",
        "http://ehr.example/prefix/api/FHIR/R4",
        "https://ehr.example:8443/prefix/api/FHIR/R4",
        "https://ehr.example.evil.example/prefix/api/FHIR/R4",
        "https://user@ehr.example/prefix/api/FHIR/R4",
        "https://ehr.example/prefix/api/FHIR/R4?x=1",
        "https://ehr.example/prefix/api/FHIR/R4#x",
        "https://ehr.example/prefix/api/FHIR/R4/metadata",
        "https://ehr.example/prefix-prd/api/FHIR/R4",
        "https://[broken/prefix/api/FHIR/R4",
        "not a url",
    ],
)
def test_another_base_url(other: str) -> None:
    assert not same_base_url(other, BASE)


def test_two_things_that_are_no_url_are_not_the_same() -> None:
    assert not same_base_url("nonsense", "nonsense too")


def test_cookies_of_two_launches_have_two_names_and_stay_on_their_host() -> None:
    one, other = cookie_name("launch", "state-1"), cookie_name("launch", "state-2")
    assert one != other
    assert one.startswith("__Host-launch-")
    assert "state-1" not in one
    assert cookie_name("sign-in", "state-1") != one


FHIR_BASE = "https://ehr.example/fhir/r4"


@pytest.mark.parametrize(
    ("role", "fields", "fhir_user", "expected"),
    [
        (Role.PROVIDER, {}, f"{FHIR_BASE}/Practitioner/dr-1", ("dr-1", "Practitioner")),
        (Role.PROVIDER, {}, "PractitionerRole/r.2", ("r.2", "PractitionerRole")),
        (Role.PROVIDER, {"patient": "pat-1"}, "Practitioner/dr-1", ("dr-1", "Practitioner")),
        (Role.PATIENT, {"patient": "pat-1"}, "Patient/pat-1", ("pat-1", "Patient")),
        (Role.PATIENT, {"patient": "child-1"}, "RelatedPerson/mother-1", ("child-1", "Patient")),
        (Role.PATIENT, {}, "Patient/pat-1", ("pat-1", "Patient")),
        (Role.PATIENT, {"patient": "%PAT%"}, "", ("fhir-user", "Patient")),
        (Role.PROVIDER, {}, "", ("fhir-user", "Practitioner")),
        (Role.PROVIDER, {}, "Device/d-1", ("fhir-user", "Practitioner")),
        (Role.PROVIDER, {}, "Practitioner/", ("fhir-user", "Practitioner")),
        (Role.PROVIDER, {"externalId": "own"}, "Practitioner/dr-1", ("own", "Practitioner")),
        (Role.PROVIDER, {"externalId": "own", "externalIdType": "t"}, "Practitioner/dr-1", ("own", "t")),
    ],
)
def test_where_people_are_named_by_fhir_a_launch_names_them(
    role: Role, fields: dict[str, str], fhir_user: str, expected: tuple[str, str]
) -> None:
    found = context({"sessionId": "csn-1", **fields}, role=role, fhir_user=fhir_user)
    assert found.user == EhrUser(*expected)


def test_elsewhere_no_resource_names_anybody() -> None:
    assert context({"sessionId": "csn-1", "patient": "pat-1"}, role=Role.PATIENT).user == EhrUser("fhir-user", "2")
