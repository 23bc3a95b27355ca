"""Settings: what is refused, what is normalised, and what they are read from."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.identifiers import Environment, Geography
from shared.settings import Settings
from tests.support.tokens import settings

REQUIRED = {
    "GEOGRAPHY": "apac",
    "PUBLIC_BASE_URL": "https://connector.example/",
    "PORTAL_BASE_URL": "https://portal.example/",
    "API_CLIENT_ID": "CCCCCCCC-0000-4000-8000-00000000A911",
    "MANAGED_IDENTITY_CLIENT_ID": "cccccccc-0000-4000-8000-0000000001d0",
    "EHR_CLIENT_ID_TEST": "t",
    "EHR_CLIENT_ID_PRODUCTION": "p",
    "STORAGE_CONNECTION__accountName": "account",
}


BY_IDENTITY = {"storage_connection": "", "STORAGE_CONNECTION__accountName": "account"}


@pytest.mark.parametrize(
    "convenience",
    [
        {"allow_loopback_ehr": True},
        {"local_key_directory": "keys"},
        {"allow_loopback_ehr": True, "local_key_directory": "keys"},
    ],
)
def test_local_conveniences_are_refused_in_azure(convenience: dict[str, Any]) -> None:
    assert settings(**convenience)
    with pytest.raises(ValidationError, match="for local work and refused in Azure"):
        settings(website_instance_id="0123", **convenience)


def test_in_azure_keys_are_in_a_vault() -> None:
    with pytest.raises(ValidationError, match="KEY_VAULT_URL must be set"):
        settings(website_instance_id="0123", **BY_IDENTITY)
    assert settings(website_instance_id="0123", key_vault_url="https://kv.vault.azure.net", **BY_IDENTITY)


@pytest.mark.parametrize("local", [{"local_key_directory": "keys"}, {"storage_connection": "UseDevelopmentStorage"}])
def test_a_vault_goes_with_nothing_local(local: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="KEY_VAULT_URL goes with neither"):
        settings(**BY_IDENTITY | {"key_vault_url": "https://kv.vault.azure.net"} | local)


def test_storage_must_be_named() -> None:
    with pytest.raises(ValidationError, match="STORAGE_CONNECTION"):
        settings(storage_connection="")


def test_storage_of_any_cloud_is_named_by_its_endpoints() -> None:
    public = settings(**BY_IDENTITY)
    assert public.storage_endpoint("queue") == "https://account.queue.core.windows.net"
    uris = {
        f"STORAGE_CONNECTION__{kind}ServiceUri": f"https://{kind}.cloud.example" for kind in ("table", "queue", "blob")
    }
    other = settings(storage_connection="", **uris)
    assert [other.storage_endpoint(kind) for kind in ("table", "queue", "blob")] == list(uris.values())
    for missing in uris:
        with pytest.raises(ValidationError, match="all three"):
            settings(**BY_IDENTITY | {name: uri for name, uri in uris.items() if name != missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"geography": "mars"},
        {"public_base_url": "connector.example"},
        {"public_base_url": "ftp://connector.example"},
        {"api_client_id": "connector"},
        {"rejoin_debounce_seconds": -1},
        {"rejoin_debounce_seconds": 301},
        {"visit_hours": 0},
        {"visit_hours": 73},
        {"quiet_minutes": -1},
    ],
)
def test_what_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_they_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert found.geography is Geography.APAC
    assert found.storage_account_name == "account"
    assert found.api_client_id == "cccccccc-0000-4000-8000-00000000a911"
    assert found.allow_loopback_ehr is False
    assert found.local_key_directory is None
    monkeypatch.setenv("WEBSITE_INSTANCE_ID", "0123")
    monkeypatch.setenv("ALLOW_LOOPBACK_EHR", "true")
    with pytest.raises(ValidationError, match="refused in Azure"):
        Settings()


@pytest.mark.parametrize("name", REQUIRED)
def test_each_required_setting_is_missed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other, value in REQUIRED.items():
        monkeypatch.setenv(other, value)
    monkeypatch.delenv(name)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("origin", ["https://connector.example", "https://connector.example/"])
def test_urls_of_ours_have_one_slash(origin: str) -> None:
    found = settings(public_base_url=origin, portal_base_url=origin)
    assert found.public_url("/api/x") == "https://connector.example/api/x"
    assert found.portal_url("/") == "https://connector.example/"


def test_each_environment_has_its_client_id() -> None:
    assert settings().ehr_client_id(Environment.TEST) == "client-test"
    assert settings().ehr_client_id(Environment.PRODUCTION) == "client-production"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        settings().geography = Geography.AMER  # type: ignore[misc]
