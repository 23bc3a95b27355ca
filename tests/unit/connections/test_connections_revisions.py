"""Revisions: a fingerprint names a content, whatever the order of its members, and no other content."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from shared.connections.model import Content, differences
from tests.support.connections import SECOND_ANALYST, content

PLAIN: dict[str, Any] = content().model_dump(mode="json")


def shuffled(value: Any, random: Any) -> Any:
    if not isinstance(value, dict):
        return value
    names = list(value)
    random.shuffle(names)
    return {name: shuffled(value[name], random) for name in names}


def leaves(value: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name)


OTHERWISE: dict[tuple[str, ...], object] = {
    ("environment",): "production",
    ("ehr_kind",): "none",
    ("approver",): SECOND_ANALYST,
    ("settings", "organizer_object_id"): SECOND_ANALYST,
    ("settings", "status_call", "method"): "POST",
    ("settings", "status_call", "path"): "/other",
    ("settings", "provider_landing"): "board",
    ("settings", "branding", "clinic_number"): "5550171",
    ("settings", "branding", "logo"): "data:image/png;base64,AAAA",
    ("settings", "status_call", "authentication"): "basic",
    ("settings", "fhir", "patient_connected"): "checked-in",
    ("settings", "fhir", "update_with"): "PATCH",
    ("settings", "oracle", "patient_connected"): "arrived",
    ("settings", "webhook", "secret_version"): 2,
    ("settings", "signing_algorithm"): "RS384",
}


def changed(path: tuple[str, ...]) -> Content:
    copy = json.loads(json.dumps(PLAIN))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    old = inner[path[-1]]
    inner[path[-1]] = not old if isinstance(old, bool) else OTHERWISE.get(path, "x1")
    return Content.model_validate(copy)


@given(st.randoms(use_true_random=False))
def test_the_order_of_members_is_irrelevant(random: Any) -> None:
    assert Content.model_validate(shuffled(PLAIN, random)).fingerprint == content().fingerprint


@pytest.mark.parametrize("path", list(leaves(PLAIN)), ids=".".join)
def test_any_change_changes_the_fingerprint(path: tuple[str, ...]) -> None:
    other = changed(path)
    assert other.fingerprint != content().fingerprint
    assert list(differences(content(), other)) == [".".join(to_camel(name) for name in path)]


@pytest.mark.parametrize(
    ("approved", "fingerprint"),
    [
        (content(), "b97e2919fbdb0595756499982769beaf"),
        (
            content(
                ehr_kind="none",
                environment="production",
                settings={"status_call": {"code_waiting": "3"}, "branding": {"name": "Sample Clinic"}},
            ),
            "ee97418dda58f7c519cf5917b87d68f5",
        ),
    ],
)
def test_what_was_approved_with_the_first_settings_keeps_its_name(approved: Content, fingerprint: str) -> None:
    """Should this fail, a setting was added that is missing in ADDED_SINCE, or a default was changed."""
    assert approved.fingerprint == fingerprint


def test_all_changes_have_different_fingerprints() -> None:
    found = {changed(path).fingerprint for path in leaves(PLAIN)} | {content().fingerprint}
    assert len(found) == len(list(leaves(PLAIN))) + 1
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in found)


def test_defaults_and_the_same_written_out_are_one_revision() -> None:
    assert Content.model_validate(PLAIN) == content()
    assert differences(content(), content()) == {}


def test_differences_tell_old_and_new() -> None:
    other = content(environment="production", settings={"status_call": {"code_waiting": "3"}})
    assert differences(content(), other) == {
        "environment": ("test", "production"),
        "settings.statusCall.codeWaiting": (None, "3"),
    }
    assert set(differences(None, content())) >= {"fhirBaseUrl", "settings.context.sessionId"}


def test_object_ids_are_compared_in_lower_case() -> None:
    assert content(approver=SECOND_ANALYST.upper()) == content(approver=SECOND_ANALYST)


@pytest.mark.parametrize(
    "wrong",
    [
        {"approver": "analyst@hospital.example"},
        {"environment": "staging"},
        {"ehr_kind": "other"},
        {"unknown": 1},
        {"settings": {"unknown": 1}},
        {"settings": {"context": {"session_id": "a&b"}}},
        {"settings": {"context": {"session_id": ""}}},
        {"settings": {"context": {"session_id": "session\n"}}},
        {"settings": {"status_call": {"path": "relative"}}},
        {"settings": {"status_call": {"path": "/a?b=c"}}},
        {"settings": {"status_call": {"path": "/a\n"}}},
        {"settings": {"status_call": {"method": "DELETE"}}},
        {"settings": {"status_call": {"code_connected": ""}}},
        {"settings": {"status_call": {"code_connected": None}}},
        {"settings": {"meeting_subject": " "}},
        {"settings": {"mnemonics": {"session_id": "%" * 201}}},
        {"settings": {"status_call": {"user": "a:b"}}},
        {"settings": {"status_call": {"user": "a\r\nX: y"}}},
        {"settings": {"fhir": {"patient_connected": "fulfilled"}}},
        {"settings": {"webhook": {"secret_version": 0}}},
    ],
)
def test_what_cannot_be_a_content_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        content(**wrong)


def test_a_content_does_not_change() -> None:
    with pytest.raises(ValidationError):
        content().approver = SECOND_ANALYST  # type: ignore[misc]
