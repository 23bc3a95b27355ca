"""Passwords that EHRs gave us, in files and in a vault: one rule for both, and what only a vault can do."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from shared.ehr_secrets import FileSecrets, Secrets, SecretsUnavailableError, secret_name
from shared.vault import Vault
from shared.vault_secrets import VaultSecrets
from tests.contract.keys.conftest import VaultStamp
from tests.support.connections import KEY
from tests.support.vault import RESOURCE, TOKEN

NAME = secret_name(KEY)
Put = Callable[[str], None]


@pytest.fixture
def in_vault(vault: VaultStamp, http: httpx.Client) -> tuple[Secrets, Put]:
    made = Vault(http, {RESOURCE: TOKEN}.__getitem__, vault.server.url, vault.slept.append)

    def put(value: str) -> None:
        vault.server.store.secrets[NAME] = value
        vault.clock.forward(minutes=2)

    return VaultSecrets(made, vault.clock), put


@pytest.fixture(params=["files", "vault"])
def secrets(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Secrets, Put]:
    """Either kind, and how an engineer puts one there."""
    if request.param == "vault":
        found: tuple[Secrets, Put] = request.getfixturevalue("in_vault")
        return found

    def put(value: str) -> None:
        (tmp_path / NAME).write_text(value, encoding="utf-8")

    return FileSecrets(tmp_path), put


def test_a_secret_is_read_by_its_connection_and_a_new_one_counts(secrets: tuple[Secrets, Put]) -> None:
    reader, put = secrets
    assert reader.read(NAME) is None
    put("one: with a colon")
    assert reader.read(NAME) == "one: with a colon"
    put("two")
    assert reader.read(NAME) == "two"
    put("")
    assert reader.read(NAME) is None
    assert f"ehr-{KEY.connection}" == NAME


def test_a_vault_is_asked_once_a_minute(in_vault: tuple[Secrets, Put], vault: VaultStamp) -> None:
    reader, put = in_vault
    put("one")
    for _ in range(3):
        assert reader.read(NAME) == "one"
    assert sum("secrets" in call for call in vault.server.store.calls) == 1


def test_a_vault_that_does_not_answer_or_refuses_is_no_missing_secret(
    in_vault: tuple[Secrets, Put], vault: VaultStamp
) -> None:
    reader, put = in_vault
    put("one")
    vault.server.store.down = True
    with pytest.raises(SecretsUnavailableError):
        reader.read(NAME)
    vault.server.store.down = False
    vault.server.store.forbidden.add("secrets/get")
    with pytest.raises(SecretsUnavailableError):
        reader.read(NAME)
