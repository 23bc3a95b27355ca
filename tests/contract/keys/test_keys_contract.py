"""What the stamp's keys must do: the same for files and for the vault."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_der_x509_certificate

from shared.identifiers import Environment
from shared.jose import Expectation, KeySource, TokenRefusedError, verify
from shared.keys import ALGORITHMS, Algorithm, Keys, UnwrapError
from shared.rotation import CERTIFICATES, SIGNING
from tests.contract.keys.conftest import Stamp
from tests.support.fakes import START

PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
BIT = timedelta(minutes=1)
algorithms = pytest.mark.parametrize("algorithm", ALGORITHMS)


def token(keys: Keys, algorithm: Algorithm, environment: Environment = Environment.TEST) -> str:
    moment = int(START.timestamp())
    return keys.sign(environment, algorithm, {"iss": "us", "aud": "ehr", "iat": moment, "exp": moment + 60})


def claims(stamp: Stamp, signed: str, algorithm: str, environment: Environment = Environment.TEST) -> dict[str, Any]:
    """As an EHR finds them that reads our keys now."""
    source = KeySource(lambda: stamp.process().public_keys(environment), stamp.clock)
    return verify(signed, source, Expectation(issuers={"us"}, audiences={"ehr"}, algorithms=(algorithm,)), START)


def signs(keys: Keys, algorithm: Algorithm) -> str:
    """Which key signs now."""
    header = token(keys, algorithm).split(".", maxsplit=1)[0]
    found: str = json.loads(base64.urlsafe_b64decode(header + "=="))["kid"]
    return found


def published(keys: Keys, algorithm: str) -> list[str]:
    return [one["kid"] for one in keys.public_keys(Environment.TEST)["keys"] if one["alg"] == algorithm]


def wrapped_for(keys: Keys, secret: bytes) -> tuple[str, bytes]:
    """What Graph sends of a subscription that has the newest certificate."""
    name, content = keys.certificate()
    public = load_der_x509_certificate(base64.b64decode(content)).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - Graph's choice
    return name, public.encrypt(secret, oaep)


def test_public_keys_hold_nothing_private(stamp: Stamp) -> None:
    found = stamp.process().public_keys(Environment.TEST)["keys"]
    assert [one["alg"] for one in found] == list(ALGORITHMS)
    assert {one["kty"] for one in found} == {"EC", "RSA"}
    for one in found:
        assert one["use"] == "sig"
        assert one["kid"]
        assert not one.keys() & PRIVATE


@algorithms
def test_what_is_signed_is_verified_with_the_published_keys_of_that_environment(
    stamp: Stamp, algorithm: Algorithm
) -> None:
    signed = token(stamp.process(), algorithm)
    assert claims(stamp, signed, algorithm)["iss"] == "us"
    with pytest.raises(TokenRefusedError, match="kid"):
        claims(stamp, signed, algorithm, Environment.PRODUCTION)


def test_the_next_process_finds_the_same_keys(stamp: Stamp) -> None:
    keys, again = stamp.process(), stamp.process()
    assert len(keys.data_key) == 32
    assert again.data_key == keys.data_key
    assert again.public_keys(Environment.TEST) == keys.public_keys(Environment.TEST)
    assert again.certificate() == keys.certificate()


def test_processes_that_begin_at_once_agree_on_the_data_key(stamp: Stamp) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: stamp.process().data_key, range(8)))
    assert len(set(found)) == 1


def test_the_certificate_is_one_that_graph_takes(stamp: Stamp) -> None:
    name, content = stamp.process().certificate()
    certificate = load_der_x509_certificate(base64.b64decode(content))
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    assert 2048 <= public.key_size <= 4096
    assert 0 < len(name) <= 128
    assert certificate.not_valid_before_utc < stamp.clock() < certificate.not_valid_after_utc
    needed = CERTIFICATES.age + CERTIFICATES.kept
    assert certificate.not_valid_after_utc - stamp.clock() > needed


def test_only_what_was_wrapped_for_this_certificate_is_unwrapped(stamp: Stamp) -> None:
    keys = stamp.process()
    name, wrapped = wrapped_for(keys, b"symmetric key")
    assert keys.unwrap(name, wrapped) == b"symmetric key"
    unknown = ("another", "0" * 32, "../../secrets/x", "")
    for wrong_name, wrong in (
        *((one, wrapped) for one in unknown),
        (name, wrapped[:-1]),
        (name, b""),
        (name, bytes(256)),
    ):
        with pytest.raises(UnwrapError):
            keys.unwrap(wrong_name, wrong)


@algorithms
def test_a_new_signing_key_is_published_long_before_it_signs_and_the_old_one_after(
    stamp: Stamp, algorithm: Algorithm
) -> None:
    keys, other = stamp.process(), stamp.process()
    old = signs(keys, algorithm)
    stamp.clock.until(START + SIGNING.age - BIT)
    keys.rotate(stamp.clock())
    assert published(other, algorithm) == [old]
    stamp.clock.until(START + SIGNING.age)
    keys.rotate(stamp.clock())
    keys.rotate(stamp.clock())
    made = stamp.clock()
    # Whoever did not rotate learns of it within ten minutes.
    stamp.clock.until(made + timedelta(minutes=10))
    for one in (keys, other, stamp.process()):
        assert len(published(one, algorithm)) == 2
        assert signs(one, algorithm) == old
    new = published(keys, algorithm)[1]
    stamp.clock.until(made + SIGNING.ahead)
    for one in (keys, other, stamp.process()):
        assert signs(one, algorithm) == new
        assert published(one, algorithm) == [old, new]
    assert claims(stamp, token(keys, algorithm), algorithm)
    stamp.clock.until(made + SIGNING.ahead + SIGNING.kept)
    keys.rotate(stamp.clock())
    assert published(other, algorithm) == [old, new]
    stamp.clock.until(made + SIGNING.ahead + SIGNING.kept + BIT)
    keys.rotate(stamp.clock())
    for one in (keys, other, stamp.process()):
        assert published(one, algorithm) == [new]
        assert signs(one, algorithm) == new


def test_a_certificate_is_replaced_when_it_is_old_and_the_old_one_still_opens(stamp: Stamp) -> None:
    keys, other = stamp.process(), stamp.process()
    before = wrapped_for(keys, b"old")
    assert other.unwrap(*before) == b"old"
    stamp.clock.until(START + CERTIFICATES.age - BIT)
    keys.rotate(stamp.clock())
    assert keys.certificate()[0] == before[0]
    stamp.clock.until(START + CERTIFICATES.age + BIT)
    keys.rotate(stamp.clock())
    keys.rotate(stamp.clock())
    after = wrapped_for(keys, b"new")
    assert after[0] != before[0]
    stamp.clock.forward(minutes=10)
    for one in (keys, other, stamp.process()):
        assert one.certificate() == keys.certificate()
        assert (one.unwrap(*before), one.unwrap(*after)) == (b"old", b"new")


def test_a_certificate_goes_when_nothing_can_refer_to_it_any_more(stamp: Stamp) -> None:
    keys = stamp.process()
    old = wrapped_for(keys, b"old")
    replaced = START + CERTIFICATES.age
    stamp.clock.until(replaced)
    keys.rotate(replaced)
    new = wrapped_for(keys, b"new")
    keys.rotate(replaced + CERTIFICATES.kept)
    assert keys.unwrap(*old) == b"old"
    keys.rotate(replaced + CERTIFICATES.kept + BIT)
    for one in (keys, stamp.process()):
        with pytest.raises(UnwrapError):
            one.unwrap(*old)
        assert one.unwrap(*new) == b"new"
