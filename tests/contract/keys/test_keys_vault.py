"""Keys in a vault: what is asked of it, and what happens while it does not answer."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_der_x509_certificate

from shared.identifiers import Environment
from shared.identity import IdentityUnavailableError
from shared.keys import Keys, UnwrapError
from shared.rotation import SIGNING
from shared.vault import Vault, VaultRefusedError, VaultUnavailableError
from shared.vault_keys import DataKeyLostError, VaultKeys
from tests.contract.keys.conftest import VaultStamp
from tests.support.tokens import encoded
from tests.support.vault import RESOURCE, TOKEN

TEST = Environment.TEST


def wrapped(keys: Keys) -> tuple[str, bytes]:
    name, content = keys.certificate()
    public = load_der_x509_certificate(base64.b64decode(content)).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return name, public.encrypt(b"key", padding.OAEP(padding.MGF1(SHA1()), SHA1(), None))  # noqa: S303 - Graph's


def asked(vault: VaultStamp, part: str) -> int:
    return sum(call.endswith(part) for call in vault.server.store.calls)


def test_what_a_process_knows_is_not_asked_again(vault: VaultStamp) -> None:
    keys = vault.process()
    for _ in range(3):
        keys.sign(TEST, "ES384", {})
        keys.public_keys(TEST)
        keys.certificate()
        assert keys.data_key
    assert asked(vault, "/sign") == 3
    assert asked(vault, "/unwrapkey") == 1
    # Looked for, found missing, made, looked for again: one list each time.
    assert asked(vault, "signing-test-es384/versions") == 2
    vault.clock.forward(minutes=11)
    keys.public_keys(TEST)
    assert asked(vault, "signing-test-es384/versions") == 3
    assert asked(vault, "certificates/notifications/versions") == 2


def test_each_operation_goes_to_the_vault_and_no_private_key_comes_out(vault: VaultStamp) -> None:
    keys = vault.process()
    keys.sign(TEST, "RS384", {})
    assert keys.unwrap(*wrapped(keys)) == b"key"
    assert keys.data_key
    calls = vault.server.store.calls
    assert {call.rpartition("/")[2] for call in calls if call.startswith("POST")} == {
        "create",
        "sign",
        "unwrapkey",
        "wrapkey",
    }
    assert not any("secrets" in call or "backup" in call or "export" in call for call in calls)
    assert keys.data_key.hex() not in str(vault.wrapped.text)


def test_a_list_of_many_versions_is_read_to_its_end(vault: VaultStamp) -> None:
    keys = vault.process()
    keys.rotate(vault.clock())
    for _ in range(4):
        vault.clock.forward(days=91)
        vault.process().rotate(vault.clock())
    store = vault.server.store
    assert len(store.keys["signing-test-es384"]) == 5
    assert [one.enabled for one in store.keys["signing-test-es384"]] == [False, False, False, True, True]
    assert len(keys.public_keys(TEST)["keys"]) == 4


def test_signing_keys_end_long_after_they_are_replaced_and_the_data_key_never(vault: VaultStamp) -> None:
    keys = vault.process()
    keys.sign(TEST, "ES384", {})
    assert keys.data_key
    store = vault.server.store
    assert store.keys["signing-test-es384"][0].ends == int((vault.clock() + timedelta(days=180)).timestamp())
    assert store.keys["data"][0].ends == 0


def test_a_signing_key_that_the_template_made_gets_an_end_from_rotation_and_signs_on(vault: VaultStamp) -> None:
    keys = vault.process()
    keys.rotate(vault.clock())
    assert keys.data_key
    store = vault.server.store
    made_by_template = store.keys["signing-test-es384"][0]
    made_by_template.ends = 0
    # Rotation stood still for long: what signs now must not end at once.
    vault.clock.forward(days=200)
    keys.rotate(vault.clock())
    assert made_by_template.ends == int((vault.clock() + timedelta(days=180)).timestamp())
    assert made_by_template.enabled
    assert keys.sign(TEST, "ES384", {})
    assert store.keys["data"][0].ends == 0
    assert {one.ends for one in store.keys["notifications"]} == {0}
    # Once given, an end stays.
    before = asked(vault, made_by_template.id)
    vault.clock.forward(days=1)
    keys.rotate(vault.clock())
    assert asked(vault, made_by_template.id) == before


def test_a_busy_vault_is_asked_again_when_it_says(vault: VaultStamp) -> None:
    keys = vault.process()
    vault.server.store.busy = 2
    assert keys.data_key
    assert vault.slept == [1.0, 1.0]
    vault.server.store.busy = 3
    with pytest.raises(VaultUnavailableError):
        keys.sign(TEST, "ES384", {})


def test_while_the_vault_is_away_what_is_known_goes_on(vault: VaultStamp) -> None:
    keys = vault.process()
    opened, before, certificate = keys.data_key, keys.public_keys(TEST), keys.certificate()
    vault.server.store.down = True
    vault.clock.forward(hours=1)
    assert (keys.data_key, keys.public_keys(TEST), keys.certificate()) == (opened, before, certificate)
    with pytest.raises(VaultUnavailableError):
        keys.sign(TEST, "ES384", {})
    # A new process knows nothing; and a crowd does not wait for the vault one after another.
    fresh = vault.process()
    vault.slept.clear()
    for _ in range(3):
        with pytest.raises(OSError, match="does not answer"):
            assert fresh.data_key
    assert len(vault.slept) == 2
    vault.server.store.down = False
    vault.clock.forward(seconds=5)
    assert fresh.data_key == opened


def test_a_missing_role_is_no_fault_of_the_notification(vault: VaultStamp) -> None:
    keys = vault.process()
    sent = wrapped(keys)
    vault.server.store.forbidden.add("keys/unwrapkey")
    with pytest.raises(VaultRefusedError, match="ForbiddenByRbac"):
        keys.unwrap(*sent)
    vault.server.store.forbidden.clear()
    vault.server.store.keys["notifications"][0].enabled = False
    with pytest.raises(UnwrapError):
        keys.unwrap(*sent)


def test_a_certificate_that_another_process_is_making_is_waited_for(vault: VaultStamp) -> None:
    vault.server.store.polls = 3
    first, second = vault.process(), vault.process()
    made = Vault(httpx.Client(), {RESOURCE: TOKEN}.__getitem__, vault.server.url, vault.slept.append)
    policy = {
        "key_props": {"exportable": False, "kty": "RSA", "key_size": 2048, "reuse_key": False},
        "x509_props": {"subject": "CN=x", "key_usage": ["keyEncipherment"], "validity_months": 24},
        "issuer": {"name": "Self"},
    }
    made.send("POST", "certificates/notifications/create", {"policy": policy})
    assert first.certificate() == second.certificate()
    assert vault.slept == [1, 1, 1]
    assert len(vault.server.store.certificates["notifications"]) == 1


def test_a_certificate_that_never_comes_is_told_as_an_outage(vault: VaultStamp) -> None:
    vault.server.store.polls = 1000
    with pytest.raises(VaultUnavailableError):
        vault.process().certificate()
    assert sum(vault.slept) == 60


def test_the_loser_of_a_race_takes_the_winners_data_key(vault: VaultStamp, monkeypatch: pytest.MonkeyPatch) -> None:
    winner, loser = vault.process(), vault.process()
    reads = 0

    def read() -> str | None:
        """The winner does everything while the loser's own look is still on its way back."""
        nonlocal reads
        reads += 1
        if reads == 1:
            assert winner.data_key
        return None

    monkeypatch.setattr(vault.wrapped, "read", read)
    assert loser.data_key == winner.data_key
    assert (reads, vault.wrapped.lost_races) == (2, 1)


def test_no_second_data_key_is_made_when_the_first_is_lost(vault: VaultStamp) -> None:
    kept = vault.process().data_key
    text, vault.wrapped.text = vault.wrapped.text, None
    with pytest.raises(DataKeyLostError, match="gone"):
        assert vault.process().data_key
    assert vault.wrapped.text is None
    vault.wrapped.text = text
    assert vault.process().data_key == kept


def test_a_data_key_that_somebody_put_into_storage_is_not_taken(vault: VaultStamp) -> None:
    kept = vault.process().data_key
    (key,) = vault.server.store.keys["data"]
    assert isinstance(key.private, rsa.RSAPrivateKey)
    # Whoever reads the public key can wrap with it.
    theirs = key.private.public_key().encrypt(b"k" * 32, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    text = vault.wrapped.text
    vault.wrapped.text = json.dumps({"version": key.id, "alg": "RSA-OAEP-256", "value": encoded(theirs)})
    with pytest.raises(DataKeyLostError, match="not the one"):
        assert vault.process().data_key
    vault.wrapped.text = text
    assert vault.process().data_key == kept


def test_a_process_that_ended_before_the_vault_remembered_is_made_good(vault: VaultStamp) -> None:
    kept = vault.process().data_key
    (key,) = vault.server.store.keys["data"]
    tags, key.tags = key.tags, {}
    assert vault.process().data_key == kept
    assert key.tags == tags != {}


def test_without_a_token_of_the_identity_the_vault_is_away(vault: VaultStamp, http: httpx.Client) -> None:
    def none(_: str) -> str:
        raise IdentityUnavailableError

    keys = VaultKeys(
        Vault(http, none, vault.server.url, vault.slept.append), vault.wrapped, vault.clock, lambda _: None
    )
    with pytest.raises(VaultUnavailableError):
        assert keys.data_key


@pytest.fixture
def impostor() -> Iterator[str]:
    """Something at the vault's address that wants a token for something else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Bearer authorization="x", resource="https://graph.example"')
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests need no access log."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_challenge_for_another_domain_gets_no_token(impostor: str, http: httpx.Client) -> None:
    tokens: list[str] = []
    vault = Vault(http, lambda resource: tokens.append(resource) or "x", impostor, lambda _: None)  # type: ignore[func-returns-value]
    with pytest.raises(VaultRefusedError, match="another domain"):
        vault.send("GET", "keys")
    assert tokens == []


def test_a_signing_key_is_known_for_longer_than_epic_keeps_our_key_set() -> None:
    """Three versions at most are ever published: what goes, what signs, what comes."""
    assert SIGNING.ahead + SIGNING.kept < SIGNING.age
    assert SIGNING.ahead > timedelta(hours=29)
