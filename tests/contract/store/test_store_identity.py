"""As in Azure: keys in a vault, storage by https with tokens of the managed identity, and no secret in any setting.

Azurite looks at a token's issuer, audience and times, at no signature and at no role: a missing role is not seen here.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import ResourceExistsError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sandbox.host.settings import EMULATOR_ACCOUNT
from shared.clock import utc_now
from shared.identifiers import Environment
from shared.settings import Settings
from shared.store.blobs import CONTAINERS, container_client, make_container
from shared.store.queues import QUEUES, WRITEBACKS, pointer_from_text, queue_client
from shared.store.tables import make_tables, table_service
from shared.store.wrapped_key import BlobWrappedKey, KeyStoreError
from shared.visits.ports import Pointer
from shared.wiring import Connector
from tests.conftest import SANDBOX
from tests.contract.store.visits import full_visit, new_key
from tests.support.identity_endpoint import STORAGE, IdentityEndpoint, storage_token
from tests.support.tokens import settings
from tests.support.vault import RESOURCE, TOKEN, VaultServer

LISTENING = re.compile(r"Azurite (Blob|Queue|Table) service is successfully listening at (https://\S+)")
IDENTITY = "cccccccc-0000-4000-8000-0000000001d0"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine's own address, and its key, in files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Azurite of a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(hours=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.fixture(scope="module")
def endpoints(certificate: tuple[Path, Path]) -> Iterator[Mapping[str, str]]:
    """An Azurite that takes tokens only over https: its endpoints, as settings name them."""
    cert, key = certificate
    arguments = [part for service in ("blob", "queue", "table") for part in (f"--{service}Port", "0")]
    arguments += ["--oauth", "basic", "--cert", str(cert), "--key", str(key)]
    process = subprocess.Popen(
        ["node", "azurite.mjs", *arguments, "--inMemoryPersistence", "--silent", "--exit-with-parent"],
        cwd=SANDBOX,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        found: dict[str, str] = {}
        for line in process.stdout or ():
            if said := LISTENING.search(line):
                found[f"STORAGE_CONNECTION__{said[1].lower()}ServiceUri"] = f"{said[2]}/{EMULATOR_ACCOUNT}"
            if len(found) == 3:
                break
        yield found


@pytest.fixture(scope="module")
def vault() -> Iterator[VaultServer]:
    """The stamp's vault."""
    server = VaultServer(utc_now)
    yield server
    server.close()


@pytest.fixture
def identity(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityEndpoint]:
    """What the platform gives an instance; and whose certificates this process trusts."""
    endpoint = IdentityEndpoint(IDENTITY, {STORAGE: storage_token(), RESOURCE: TOKEN})
    for name, value in endpoint.place.items():
        monkeypatch.setenv(name, value)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(certificate[0]))
    yield endpoint
    endpoint.close()


@pytest.fixture
def in_azure(endpoints: Mapping[str, str], vault: VaultServer, identity: IdentityEndpoint) -> Settings:
    """Settings as the template makes them. What the template also makes is there: tables, queues, containers."""
    made = settings(
        storage_connection="",
        website_instance_id="an instance",
        managed_identity_client_id=IDENTITY,
        key_vault_url=vault.url,
        **endpoints,
    )
    credential = (provisioner := Connector(made)).identity
    with provisioner.microsoft_http, table_service(made, credential) as tables:
        make_tables(tables)
        for name in CONTAINERS:
            with container_client(made, name, credential) as container:
                make_container(container)
        for name in QUEUES:
            with queue_client(made, name, credential) as queue, suppress(ResourceExistsError):
                queue.create_queue()
    return made


@pytest.fixture
def processes(in_azure: Settings) -> Iterator[tuple[Connector, Connector]]:
    """Two processes of one stamp; whatever they opened is closed."""
    both = Connector(in_azure), Connector(in_azure)
    yield both
    for one in both:
        opened = vars(one)
        for client in (opened.get("tables"), opened.get("microsoft_http")):
            if client:
                client.close()
        for part in (opened.get("pointers"), opened.get("large_notifications")):
            if part:
                part._client.close()


def test_tables_queues_and_blobs_are_reached_with_the_identity_alone(
    processes: tuple[Connector, Connector], in_azure: Settings, identity: IdentityEndpoint
) -> None:
    one, other = processes
    key = new_key()
    saved = one.visit_store.create(full_visit(key))
    assert other.visit_store.read(key) == saved
    one.pointers.send(Pointer(key, "participant", "baton"), timedelta(0))
    with queue_client(in_azure, WRITEBACKS, other.identity) as queue:
        (message,) = queue.receive_messages()
    text = base64.b64decode(message.content).decode()
    assert pointer_from_text(in_azure.geography, text) == Pointer(key, "participant", "baton")
    one.large_notifications.write("batch", "sealed")
    assert other.large_notifications.read("batch") == "sealed"
    assert set(identity.asked) == {STORAGE, RESOURCE}


def test_every_process_opens_the_one_data_key(processes: tuple[Connector, Connector]) -> None:
    one, other = processes
    sealed = one.sealer.seal("purpose", "a secret")
    assert other.sealer.open("purpose", sealed) == "a secret"
    assert one.keys.public_keys(Environment.TEST) == other.keys.public_keys(Environment.TEST)


def test_the_first_wrapped_key_stays(processes: tuple[Connector, Connector], in_azure: Settings) -> None:
    parts, _ = processes
    stored = BlobWrappedKey(parts.microsoft_http, parts.identity.token, in_azure.storage_endpoint("blob"), utc_now)
    assert parts.keys.data_key
    first = stored.read()
    assert first
    assert stored.add("another") == first
    assert stored.read() == first


def test_storage_that_does_not_take_the_token_is_no_missing_key(in_azure: Settings) -> None:
    """Only the service's own word for it means that there is no data key; everything else is an outage."""
    for token, endpoint in (
        ("not a token", in_azure.storage_endpoint("blob")),
        (storage_token(), f"{in_azure.storage_endpoint('blob')}-of-nobody"),
        (storage_token(), "https://127.0.0.1:9"),
    ):
        with httpx.Client() as http:
            stored = BlobWrappedKey(http, lambda _, token=token: token, endpoint, utc_now)  # type: ignore[misc]
            with pytest.raises(KeyStoreError):
                stored.read()
            with pytest.raises(KeyStoreError):
                stored.add("x")


FIRST = """
import sys
from function_app import app
from shared.identifiers import ConnectionKey, TenantKey, VisitKey, new_connection_id
from shared.microsoft.door import client_state
from shared.wiring import connector
parts = connector()
tenant = TenantKey(parts.settings.geography, "11111111-2222-4333-8444-555555555555")
key = VisitKey(ConnectionKey(tenant, new_connection_id(tenant.tenant)), "a" * 32)
item = {"clientState": client_state(parts.sealer, key), "tenantId": tenant.tenant, "encryptedContent": {}}
taken = parts.take_in({"value": [item]})
print(taken.items, [name for name in sys.argv[1:] if name in sys.modules])
"""
HEAVY = ("msal", "azure.identity", "azure.keyvault", "azure.storage", "azure.data", "jwcrypto", "jinja2", "requests")


def test_the_first_notification_of_a_process_in_azure_loads_nothing_heavy(
    in_azure: Settings, endpoints: Mapping[str, str], identity: IdentityEndpoint
) -> None:
    """It needs the data key: a token of the identity, the blob, and the vault."""
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("STORAGE_CONNECTION", "LOCAL_KEY_DIRECTORY")
        },
        **endpoints,
        "WEBSITE_INSTANCE_ID": "an instance",
        "KEY_VAULT_URL": str(in_azure.key_vault_url),
        "MANAGED_IDENTITY_CLIENT_ID": IDENTITY,
        "GEOGRAPHY": "emea",
        "PUBLIC_BASE_URL": str(in_azure.public_base_url),
        "PORTAL_BASE_URL": str(in_azure.portal_base_url),
        "API_CLIENT_ID": in_azure.api_client_id,
        "EHR_CLIENT_ID_TEST": "t",
        "EHR_CLIENT_ID_PRODUCTION": "p",
    }
    identity.asked.clear()
    done = subprocess.run(
        [sys.executable, "-c", FIRST, *HEAVY],
        cwd=SANDBOX.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("1 []", 0), done.stderr
    assert sorted(identity.asked) == sorted({STORAGE, RESOURCE})
