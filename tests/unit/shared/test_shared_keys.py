"""Keys in files: made once, kept, and never shown."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_der_x509_certificate

from shared.identifiers import Environment
from shared.jose import Expectation, KeySource, TokenRefusedError, verify
from shared.keys import ALGORITHMS, CERTIFICATE_AGE, CERTIFICATE_KEPT, LocalKeys, UnwrapError
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


def wrapped_for(keys: LocalKeys, secret: bytes) -> tuple[str, bytes]:
    """What Graph sends of a subscription that has the newest certificate."""
    name, content = keys.certificate()
    public = load_der_x509_certificate(base64.b64decode(content)).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
    return name, public.encrypt(secret, oaep)


def certificate_files(folder: Path) -> int:
    return len(list(folder.glob("notifications*.pem")))


def test_a_certificate_is_replaced_when_it_is_old_and_the_old_one_still_opens(tmp_path: Path) -> None:
    keys, other_process = LocalKeys(tmp_path), LocalKeys(tmp_path)
    before = wrapped_for(keys, b"old")
    assert other_process.unwrap(*before) == b"old"
    made = datetime.now(UTC)
    keys.rotate_certificate(made + CERTIFICATE_AGE - timedelta(minutes=1))
    assert keys.certificate()[0] == before[0]
    keys.rotate_certificate(made + CERTIFICATE_AGE + timedelta(minutes=1))
    keys.rotate_certificate(made + CERTIFICATE_AGE + timedelta(minutes=1))
    after = wrapped_for(keys, b"new")
    assert after[0] != before[0]
    assert certificate_files(tmp_path) == 2
    # Whoever did not rotate takes the new one too, and everybody opens either.
    for one in (keys, other_process, LocalKeys(tmp_path)):
        assert one.certificate() == keys.certificate()
        assert (one.unwrap(*before), one.unwrap(*after)) == (b"old", b"new")


def test_a_certificate_goes_when_nothing_can_refer_to_it_any_more(tmp_path: Path) -> None:
    keys = LocalKeys(tmp_path)
    old = wrapped_for(keys, b"old")
    replaced = datetime.now(UTC).replace(microsecond=0) + CERTIFICATE_AGE + timedelta(minutes=1)
    keys.rotate_certificate(replaced)
    new = wrapped_for(keys, b"new")
    keys.rotate_certificate(replaced + CERTIFICATE_KEPT)
    assert keys.unwrap(*old) == b"old"
    keys.rotate_certificate(replaced + CERTIFICATE_KEPT + timedelta(seconds=1))
    assert certificate_files(tmp_path) == 1
    for one in (keys, LocalKeys(tmp_path)):
        with pytest.raises(UnwrapError):
            one.unwrap(*old)
        assert one.unwrap(*new) == b"new"


def test_a_certificate_is_valid_for_longer_than_anything_needs_it(tmp_path: Path) -> None:
    content = base64.b64decode(LocalKeys(tmp_path).certificate()[1])
    valid = load_der_x509_certificate(content).not_valid_after_utc - datetime.now(UTC)
    assert valid > CERTIFICATE_AGE + CERTIFICATE_KEPT
