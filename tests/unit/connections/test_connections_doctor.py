"""The URL doctor with an EHR that answers by script: every finding can be found."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.connections.doctor import Checkup, Doctor, Finding, Severity, findings_catalogue
from shared.connections.ports import Fetched
from shared.errors import LANGUAGES
from shared.identifiers import Environment
from tests.support.connections import BASE_URL, ScriptedProbe

WELL_KNOWN, METADATA = ".well-known/smart-configuration", "metadata"
Change = Callable[[ScriptedProbe], None]


def examine(typed: str, probe: ScriptedProbe, *, loopback: bool = False) -> Checkup:
    return Doctor(probe, loopback).check(typed, Environment.TEST)


def codes(checkup: Checkup) -> list[str]:
    return [finding.code for finding in checkup.findings]


def test_a_healthy_ehr_is_well() -> None:
    probe = ScriptedProbe().healthy()
    found = examine(BASE_URL, probe)
    assert found.is_well
    assert (found.url, found.proposal, found.refusal) == (BASE_URL, "", "")
    assert codes(found) == ["smart_read", "metadata_read"]
    assert [finding.came_back for finding in found.findings] == ["200", "4.0.1"]
    assert list(probe.asked) == [
        (f"{BASE_URL}/{WELL_KNOWN}", Environment.TEST),
        (f"{BASE_URL}/{METADATA}", Environment.TEST),
    ]


TROUBLES: dict[str, tuple[Change, list[str]]] = {
    "private_address": (lambda ehr: ehr.trouble(WELL_KNOWN, "private_address"), ["private_address"]),
    "unreachable": (lambda ehr: ehr.trouble(WELL_KNOWN, "unreachable"), ["unreachable"]),
    "too_slow": (lambda ehr: ehr.trouble(WELL_KNOWN, "too_slow"), ["too_slow"]),
    "answer_too_large": (lambda ehr: ehr.trouble(WELL_KNOWN, "answer_too_large"), ["answer_too_large"]),
    "redirected": (lambda ehr: ehr.trouble(WELL_KNOWN, "redirected", 302), ["redirected"]),
    "http_status": (lambda ehr: ehr.trouble(WELL_KNOWN, status=500), ["http_status", "metadata_read"]),
    "not_json": (lambda ehr: ehr.trouble(WELL_KNOWN, "not_json", 200), ["not_json", "metadata_read"]),
    "metadata not_json": (lambda ehr: ehr.trouble(METADATA, "not_json", 200), ["smart_read", "not_json"]),
    "metadata http_status": (lambda ehr: ehr.trouble(METADATA, status=404), ["smart_read", "http_status"]),
    "metadata too_slow": (lambda ehr: ehr.trouble(METADATA, "too_slow"), ["smart_read", "too_slow"]),
    "smart_incomplete": (lambda ehr: ehr.smart(token_endpoint=None), ["smart_incomplete", "metadata_read"]),
    "not_capability_statement": (
        lambda ehr: ehr.metadata(resourceType="OperationOutcome"),
        ["smart_read", "not_capability_statement"],
    ),
    "not_r4": (lambda ehr: ehr.metadata(fhirVersion="1.0.2"), ["smart_read", "not_r4"]),
    "not_r4 but R4B": (lambda ehr: ehr.metadata(fhirVersion="4.3.0"), ["smart_read", "not_r4"]),
}
WARNINGS: dict[str, tuple[Change, list[str]]] = {
    "no_s256": (
        lambda ehr: ehr.smart(code_challenge_methods_supported=["plain"]),
        ["smart_read", "no_s256", "metadata_read"],
    ),
    "capabilities_missing": (
        lambda ehr: ehr.smart(capabilities=["launch-ehr"]),
        ["smart_read", "capabilities_missing", "metadata_read"],
    ),
    "both": (
        lambda ehr: ehr.smart(capabilities=None, code_challenge_methods_supported="S256"),
        ["smart_read", "no_s256", "capabilities_missing", "metadata_read"],
    ),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_each_trouble_is_found_and_is_a_problem(name: str) -> None:
    change, expected = TROUBLES[name]
    probe = ScriptedProbe().healthy()
    change(probe)
    found = examine(BASE_URL, probe)
    assert codes(found) == expected
    assert not found.is_well
    assert (found.url, found.refusal) == (BASE_URL, "")
    (problem,) = [one for one in found.findings if one.severity is Severity.PROBLEM]
    assert problem.asked.startswith(BASE_URL)


@pytest.mark.parametrize("name", WARNINGS)
def test_each_warning_is_found_and_stops_nothing(name: str) -> None:
    change, expected = WARNINGS[name]
    probe = ScriptedProbe().healthy()
    change(probe)
    found = examine(BASE_URL, probe)
    assert codes(found) == expected
    assert found.is_well


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize("value", [None, 3, [], ""])
def test_an_endpoint_that_is_no_text_is_missing(name: str, value: object) -> None:
    probe = ScriptedProbe().healthy()
    change: dict[str, Any] = {name: value}
    probe.smart(**change)
    (finding, _) = examine(BASE_URL, probe).findings
    assert (finding.code, finding.came_back) == ("smart_incomplete", name)


@pytest.mark.parametrize(
    "endpoint", ["http://ehr.example/oauth2/token", "https://10.0.0.1/token", "https://u@ehr.example/", "https://[x"]
)
def test_an_endpoint_to_which_no_launch_would_be_sent_is_missing(endpoint: str) -> None:
    probe = ScriptedProbe().healthy()
    probe.smart(token_endpoint=endpoint)
    (finding, _) = examine(BASE_URL, probe).findings
    assert (finding.code, finding.came_back) == ("smart_incomplete", "token_endpoint")


def test_an_endpoint_may_be_relative_to_the_base_url() -> None:
    probe = ScriptedProbe().healthy()
    probe.smart(token_endpoint="../../oauth2/token")
    assert examine(BASE_URL, probe).is_well


@pytest.mark.parametrize("kind", ["FHIR", "FHIR/DSTU2", "FHIR/STU3", "fhir"])
def test_r4_is_proposed_where_it_answers(kind: str) -> None:
    without = f"https://ehr.example/api/{kind}"
    meant = f"https://ehr.example/api/{kind.split('/', maxsplit=1)[0]}/R4"
    found = examine(f"{without}/", ScriptedProbe().healthy(meant))
    assert codes(found) == ["slash_removed", "http_status", "http_status", "r4_missing"]
    assert (found.url, found.proposal) == (without, meant)
    assert found.findings[-1].came_back == meant
    assert not found.is_well


def test_r4_is_not_proposed_where_it_does_not_answer_or_nothing_is_wrong() -> None:
    without = "https://ehr.example/api/FHIR"
    assert examine(without, ScriptedProbe()).proposal == ""
    probe = ScriptedProbe().healthy(without).healthy(f"{without}/R4")
    assert examine(without, probe).proposal == ""
    assert len(probe.asked) == 2


def test_what_must_not_be_called_is_not_called() -> None:
    for typed, refusal in (
        ("http://ehr.example/R4", "not_https"),
        ("https://u@ehr.example/R4", "user_info"),
        ("https://169.254.169.254/R4", "ip_literal"),
        ("https://localhost/R4", "local_name"),
        ("https://ehr.example:8443/R4", "other_port"),
        ("https://[nonsense ", "not_a_url"),
    ):
        probe = ScriptedProbe()
        found = examine(typed, probe)
        assert (found.url, found.refusal) == ("", refusal)
        assert not found.is_well
        assert not probe.asked
        assert found.findings[-1].asked == typed.strip()


def test_a_long_text_is_not_given_back_whole() -> None:
    found = examine("x" * 2000, ScriptedProbe())
    assert max(len(finding.asked) for finding in found.findings) == 200


def test_whatever_an_ehr_answers_the_doctor_answers() -> None:
    for body in ({}, {"capabilities": 3}, {"resourceType": ["x"] * 99, "fhirVersion": {"a": "b" * 999}}):
        probe = ScriptedProbe()
        for tail in (WELL_KNOWN, METADATA):
            probe.answers[f"{BASE_URL}/{tail}"] = Fetched(f"{BASE_URL}/{tail}", 200, body)
        found = examine(BASE_URL, probe)
        assert codes(found) == ["smart_incomplete", "not_capability_statement"]
        assert max(len(finding.came_back) for finding in found.findings) <= 60


def test_every_finding_of_the_catalogue_can_be_found() -> None:
    reached: set[str] = set()
    for change, _ in (*TROUBLES.values(), *WARNINGS.values()):
        probe = ScriptedProbe().healthy()
        change(probe)
        reached |= set(codes(examine(BASE_URL, probe)))
    spoilt = f" {BASE_URL.removeprefix('https://').replace('ehr', 'EHR')}/?x/metadata "
    for typed in (spoilt, f"{BASE_URL}/metadata", "http://u@10.0.0.1:1/", "https://localhost/", "?"):
        reached |= set(codes(examine(typed, ScriptedProbe().healthy())))
    reached |= set(
        codes(examine("https://ehr.example/api/FHIR", ScriptedProbe().healthy("https://ehr.example/api/FHIR/R4")))
    )
    assert reached == set(findings_catalogue())


@pytest.mark.parametrize("code", sorted(findings_catalogue()))
def test_a_finding_speaks_both_languages(code: str) -> None:
    finding = Finding(code)
    assert len({finding.sentence(language) for language in LANGUAGES}) == 2
    assert finding.severity in Severity
