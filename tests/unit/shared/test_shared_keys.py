"""Keys in files: made once, kept, and never shown."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_der_x509_certificate

from shared.identifiers import Environment
from shared.jose import Expectation, KeySource, TokenRefusedError, verify
from shared.keys import ALGORITHMS, LocalKeys, UnwrapError
from tests.support.fakes import START, Clock


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "made" / "on first use"


@pytest.fixture(scope="module")
def keys(folder: Path) -> LocalKeys:
    return LocalKeys(folder)


def test_public_keys_hold_nothing_private(keys: LocalKeys) -> None:
    published = keys.public_keys(Environment.TEST)["keys"]
    assert [one["alg"] for one in published] == list(ALGORITHMS)
    for one in published:
        assert one["use"] == "sig"
        assert one["kid"]
        assert not one.keys() & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_signed_is_verified_with_the_published_keys_of_that_environment(
    keys: LocalKeys, algorithm: str
) -> None:
    moment = int(START.timestamp())
    claims = {"iss": "us", "aud": "ehr", "iat": moment, "exp": moment + 60}
    token = keys.sign(Environment.TEST, next(one for one in ALGORITHMS if one == algorithm), claims)
    expected = Expectation(issuers={"us"}, audiences={"ehr"}, algorithms=(algorithm,))
    for environment, right in ((Environment.TEST, True), (Environment.PRODUCTION, False)):
        source = KeySource(lambda where=environment: keys.public_keys(where), Clock())  # type: ignore[misc]
        if right:
            assert verify(token, source, expected, START) == claims
        else:
            with pytest.raises(TokenRefusedError, match="kid"):
                verify(token, source, expected, START)


def test_the_next_process_finds_the_same_keys(keys: LocalKeys, folder: Path) -> None:
    again = LocalKeys(folder)
    assert again.data_key == keys.data_key
    assert len(keys.data_key) == 32
    assert again.public_keys(Environment.TEST) == keys.public_keys(Environment.TEST)
    assert again.certificate() == keys.certificate()
    assert [file.name for file in folder.iterdir() if file.name.startswith(".")] == []


def test_processes_that_begin_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: LocalKeys(tmp_path).data_key, range(16)))
    assert len(set(found)) == 1


def test_the_certificate_is_one_that_graph_takes(keys: LocalKeys) -> None:
    name, content = keys.certificate()
    certificate = load_der_x509_certificate(base64.b64decode(content))
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert 2048 <= public.key_size <= 4096
    assert 0 < len(name) <= 128
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
    assert hashlib.sha256(base64.b64decode(content)).hexdigest().startswith(name)


def test_only_what_was_wrapped_for_this_certificate_is_unwrapped(keys: LocalKeys) -> None:
    name, content = keys.certificate()
    public = load_der_x509_certificate(base64.b64decode(content)).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
    wrapped = public.encrypt(b"symmetric key", oaep)
    assert keys.unwrap(name, wrapped) == b"symmetric key"
    for wrong_name, wrong in (("another", wrapped), (name, wrapped[:-1]), (name, b""), (name, bytes(256))):
        with pytest.raises(UnwrapError):
            keys.unwrap(wrong_name, wrong)
