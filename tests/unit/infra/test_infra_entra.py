"""The app registrations as code say what the code needs, and no more: permissions, roles, addresses, no secret.

Nobody works them out: no open model knows the types of Microsoft Graph. So the words are looked at.
"""

import json
import re
from pathlib import Path

from functions.edge import ADMIN_ROLE, AUDITOR_ROLE, doors
from shared.microsoft.consent import PERMISSIONS
from shared.microsoft.entra import _API_SCOPE
from shared.settings import Settings
from tests.support.bicep.syntax import body_of, key_and_value, named, read, text_of

ENTRA = Path(__file__).parents[3] / "infra" / "entra"
FILES = ("main", "registration", "api", "portal")


def text(name: str) -> str:
    """A template without its comments."""
    return re.sub(r"^\s*//.*$", "", (ENTRA / f"{name}.bicep").read_text(encoding="utf-8"), flags=re.MULTILINE)


def permissions(part: str) -> set[str]:
    return set(re.findall(r"'(\w+\.\w+(?:\.\w+)*\.All)'", part))


def test_the_permissions_are_those_that_the_portal_shows() -> None:
    always, _, optional = text("api").partition("withCallRecords ?")
    assert permissions(always) == {name for name, needed in PERMISSIONS.items() if needed}
    assert permissions(optional) == {name for name, needed in PERMISSIONS.items() if not needed}
    assert "param withCallRecords bool = false" in text("main")


def test_application_permissions_are_asked_for_and_no_delegated_ones() -> None:
    assert re.findall(r"type: '(\w+)'", text("api")) == ["User", "Role"]
    assert re.findall(r"type: '(\w+)'", text("portal")) == ["Scope"]


def test_the_roles_are_those_that_the_doors_ask_for() -> None:
    assert set(re.findall(r"value: '(Connector\.\w+)'", text("api"))) == {ADMIN_ROLE, AUDITOR_ROLE}
    # People alone: an application that were an administrator would need no sign-in.
    assert re.findall(r"allowedMemberTypes: \[(.*?)\]", text("api")) == ["'User'", "'User'"]


def test_the_scope_is_the_one_that_the_api_wants() -> None:
    assert f"value: '{_API_SCOPE}'" in text("api")
    assert f"guid(name, '{_API_SCOPE}')" in text("api")


def test_microsoft_redirects_to_doors_of_ours() -> None:
    callbacks = set(re.findall(r"'\$\{origin\}/api/([\w/-]+)'", text("api")))
    assert callbacks == {"sign-in/callback", "consent/callback"}
    assert callbacks <= {one.route for one in doors.all}
    # As in portal/admin/src/session/manager.ts.
    assert "redirectUris: ['${baseUrl}/']" in text("portal")


def test_tokens_are_of_version_2_for_any_organisation() -> None:
    for name in ("api", "portal"):
        assert "requestedAccessTokenVersion: 2" in text(name)
    for name in ("registration", "api", "portal"):
        assert "signInAudience: 'AzureADMultipleOrgs'" in text(name)
    assert "enableAccessTokenIssuance: false" in text("api")
    assert "enableIdTokenIssuance: false" in text("api")


def test_graph_sends_validation_tokens() -> None:
    assert "appRoleAssignmentRequired: false" in text("api")


def test_the_managed_identity_is_the_only_credential() -> None:
    for name in FILES:
        assert not re.search("passwordCredentials|keyCredentials|secretText|listKeys|secure\\(\\)", text(name)), name
    audience = Settings.model_fields["token_exchange_audience"].default
    assert f"param tokenExchangeAudience string = '{audience}'" in text("main")
    credential = text("api").partition("federatedIdentityCredentials")[2]
    assert "subject: one.principalId" in credential
    assert re.findall(r"audiences: (.*)", credential) == ["[tokenExchangeAudience]"]
    assert text("main").count("tokenExchangeAudience: tokenExchangeAudience") == 1
    assert "${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0" in credential


def test_the_extension_has_a_version() -> None:
    extensions = json.loads((ENTRA / "bicepconfig.json").read_text(encoding="utf-8"))["extensions"]
    assert all(re.search(r":\d+\.\d+\.\d+$", one) for one in extensions.values())
    for name in ("registration", "api", "portal"):
        assert re.findall(r"^extension (\w+)$", text(name), re.MULTILINE) == list(extensions)


def test_the_first_writing_only_makes_an_id_and_changes_nothing_that_is_there() -> None:
    registration = read(ENTRA / "registration.bicep")
    (made,) = (one for one in registration.of_kind("resource") if "/applications@" in one.of)
    assert made.value is not None
    members = {text_of(key): text_of(value) for key, value in map(key_and_value, named(body_of(made.value)))}
    assert members == {"uniqueName": "name", "displayName": "displayName", "signInAudience": "'AzureADMultipleOrgs'"}
    for name in ("api", "portal"):
        assert all(f"  {member}: {value}\n" in text(name) for member, value in members.items())
