"""Opening notifications: vectors made here as Graph makes them, and every way in which they can be wrong."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.jose import KeyNotYetKnownError, KeySource, KeysUnavailableError
from shared.keys import LocalKeys
from shared.microsoft.notifications import NotificationRefusedError, Notifications
from tests.support.connections import OTHER_TENANT, TENANT
from tests.support.fakes import START, Clock
from tests.support.notifications import NOW, encrypted, token_claims, validation_token
from tests.support.tokens import AUTHORITY, public, rsa_key, settings, signed

RESOURCE = {"eventType": "rosterUpdated", "participants@delta": [{"id": "leg"}]}
ONE, TWO = TENANT.tenant, OTHER_TENANT.tenant
KEY = bytes(range(32))


class Receiver:
    """Our side, with the keys that Entra publishes."""

    def __init__(self, keys: LocalKeys) -> None:
        self.keys = keys
        self.published: Mapping[str, Any] = public(rsa_key(), issuer=f"{AUTHORITY}/{{tenantid}}/v2.0")
        self.down = False
        self.clock = Clock()
        self.use = Notifications(keys, KeySource(self._fetch, self.clock), settings())

    def _fetch(self) -> Mapping[str, Any]:
        if self.down:
            raise OSError
        return self.published


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LocalKeys:
    return LocalKeys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def receiver(keys: LocalKeys) -> Receiver:
    return Receiver(keys)


def reason(receiver: Receiver, content: Mapping[str, str]) -> str:
    with pytest.raises(NotificationRefusedError) as caught:
        receiver.use.open(content)
    return caught.value.reason


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def flipped(text: str, place: int = 0) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[place] ^= 1
    return b64(bytes(raw))


@pytest.mark.parametrize("resource", [RESOURCE, {}, {"name": "Zo\u00eb \u738b"}, {"x": "y" * 100_000}])
def test_what_graph_encrypts_is_opened(receiver: Receiver, resource: dict[str, Any]) -> None:
    assert receiver.use.open(encrypted(receiver.keys, resource)) == resource


def test_a_changed_item_is_refused(receiver: Receiver) -> None:
    good = encrypted(receiver.keys, RESOURCE)
    assert reason(receiver, {**good, "data": flipped(good["data"])}) == "signature"
    assert reason(receiver, {**good, "data": flipped(good["data"], -1)}) == "signature"
    assert reason(receiver, {**good, "dataSignature": flipped(good["dataSignature"])}) == "signature"
    assert reason(receiver, {**good, "dataSignature": ""}) == "signature"
    assert reason(receiver, {**good, "dataKey": flipped(good["dataKey"])}) == "cannot be unwrapped"
    another = encrypted(receiver.keys, {"x": 1})
    assert reason(receiver, {**good, "dataKey": another["dataKey"]}) == "signature"
    assert reason(receiver, {**good, "encryptionCertificateId": "another"}) == "cannot be unwrapped"


@pytest.mark.parametrize("member", ["data", "dataKey", "dataSignature", "encryptionCertificateId"])
def test_a_missing_or_unreadable_member_is_refused(receiver: Receiver, member: str) -> None:
    good = encrypted(receiver.keys, RESOURCE)
    lacking = {name: value for name, value in good.items() if name != member}
    assert reason(receiver, lacking) == "cannot be unwrapped"
    for value in ("!", "\u00e9", "\ud800", "QQ", "Q" * 5):
        assert reason(receiver, {**good, member: value}) in {"cannot be unwrapped", "signature"}


@pytest.mark.parametrize("member", ["data", "dataKey", "dataSignature"])
def test_base64_holds_nothing_else(receiver: Receiver, member: str) -> None:
    good = encrypted(receiver.keys, RESOURCE)
    for stray in ("\n", "-", " "):
        loose = {**good, member: good[member][:4] + stray + good[member][4:]}
        assert reason(receiver, loose) == "cannot be unwrapped"


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_a_key_of_another_length_is_refused(receiver: Receiver, length: int) -> None:
    good = encrypted(receiver.keys, RESOURCE, key=KEY)
    short = encrypted(receiver.keys, RESOURCE, key=bytes(16)) if length == 16 else None
    wrapped = _wrapped(receiver.keys, bytes(length))
    assert reason(receiver, {**(short or good), "dataKey": wrapped}) == "cannot be unwrapped"


def _wrapped(keys: LocalKeys, key: bytes) -> str:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1  # noqa: PLC0415
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415

    certificate = load_der_x509_certificate(base64.b64decode(keys.certificate()[1])).public_key()
    assert isinstance(certificate, rsa.RSAPublicKey)
    return b64(certificate.encrypt(key, padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)))  # noqa: S303


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 32])
def test_data_that_cannot_be_decrypted_is_refused_though_rightly_signed(receiver: Receiver, length: int) -> None:
    data = bytes(length)
    signature = hmac.new(KEY, data, hashlib.sha256).digest()
    content = {
        **encrypted(receiver.keys, RESOURCE, key=KEY),
        "data": b64(data),
        "dataSignature": b64(signature),
    }
    assert reason(receiver, content) == "cannot be decrypted"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "cannot be decrypted"),
        (b"{", "cannot be decrypted"),
        (b"\xff\xfe", "cannot be decrypted"),
        (b"[" * 200_000, "cannot be decrypted"),
        (b"[]", "no object"),
        (b'"x"', "no object"),
        (b"null", "no object"),
    ],
)
def test_content_that_is_no_object_is_refused(receiver: Receiver, raw: bytes, expected: str) -> None:
    assert reason(receiver, encrypted(receiver.keys, None, raw=raw)) == expected


@given(
    st.dictionaries(
        st.sampled_from(["data", "dataKey", "dataSignature", "encryptionCertificateId"]), st.text(max_size=30)
    )
)
def test_no_text_is_more_than_refused(keys: LocalKeys, content: dict[str, str]) -> None:
    name, _ = keys.certificate()
    with pytest.raises(NotificationRefusedError):
        Receiver(keys).use.open({"encryptionCertificateId": name, **content})


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_token_of_graphs_publisher_vouches_for_its_tenant(receiver: Receiver, version: str) -> None:
    tokens = (validation_token(ONE, version), validation_token(TWO, "2.0"))
    assert receiver.use.vouched_tenants(tokens, START).vouched == {ONE, TWO}
    assert receiver.use.vouched_tenants((), START).vouched == frozenset()


WRONG: dict[str, dict[str, Any]] = {
    "publisher": {"azp": "99999999-4a52-48df-9a82-234910c4a086", "appid": "99999999-4a52-48df-9a82-234910c4a086"},
    "no publisher": {"azp": None, "appid": None},
    "audience": {"aud": "99999999-0000-4000-8000-00000000a911"},
    "audience of graph": {"aud": "https://graph.microsoft.com"},
    "expired": {"exp": 1},
    "no expiry": {"exp": None},
    "not yet": {"nbf": 2**40},
    "issuer": {"iss": f"{AUTHORITY}/{TWO}/v2.0"},
    "issuer elsewhere": {"iss": f"https://attacker.example/{ONE}/v2.0"},
    "other tenant": {"tid": TWO},
    "no tenant": {"tid": None},
    "odd tenant": {"tid": ["x"]},
}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("name", WRONG)
def test_a_token_with_anything_wrong_vouches_for_nobody(receiver: Receiver, name: str, version: str) -> None:
    wrong = validation_token(ONE, version, **WRONG[name])
    assert receiver.use.vouched_tenants((wrong,), START).vouched == frozenset()
    assert receiver.use.vouched_tenants((wrong, validation_token(TWO)), START).vouched == {TWO}


@pytest.mark.parametrize(("version", "issuer"), [("1.0", "https://sts.windows.net//"), ("2.0", f"{AUTHORITY}//v2.0")])
def test_a_token_of_no_tenant_vouches_for_nobody_even_from_an_issuer_of_none(
    receiver: Receiver, version: str, issuer: str
) -> None:
    token = signed(
        rsa_key(), {name: one for name, one in token_claims(ONE, version, iss=issuer).items() if name != "tid"}
    )
    assert receiver.use.vouched_tenants((token,), START).vouched == frozenset()


def test_a_token_is_judged_by_the_time_at_which_it_came(receiver: Receiver) -> None:
    """A batch may wait for hours, for storage or for Entra's keys; Graph sends it only once."""
    token = (validation_token(ONE, exp=NOW + 600),)
    assert receiver.use.vouched_tenants(token, START + timedelta(minutes=10)).vouched == {ONE}
    assert receiver.use.vouched_tenants(token, START + timedelta(minutes=12)).vouched == frozenset()
    assert receiver.use.vouched_tenants(token, START - timedelta(minutes=12)).vouched == frozenset()


def test_versions_are_not_mixed(receiver: Receiver) -> None:
    for token in (
        validation_token(ONE, "2.0", ver="1.0"),
        validation_token(ONE, "1.0", ver="2.0"),
        validation_token(ONE, "2.0", ver=None),
        validation_token(ONE, "2.0", ver="3.0"),
        validation_token(ONE, "2.0", ver=2.0),
        validation_token(ONE, "2.0", ver=None, azp=None, appid="0bf30f3b-4a52-48df-9a82-234910c4a086"),
        validation_token(ONE, "2.0", iss=f"https://sts.windows.net/{ONE}/"),
    ):
        assert receiver.use.vouched_tenants((token,), START).vouched == frozenset()


def test_a_forged_or_broken_token_vouches_for_nobody(receiver: Receiver) -> None:
    good = validation_token(ONE)
    for token in (
        "",
        "x",
        "a.b.c",
        good[:-8],
        f"{good}x",
        good.split(".")[0] + ".e30.",
        "\u00e9.\u00e9.\u00e9",
        f"{good}\ud800",
    ):
        assert receiver.use.vouched_tenants((token,), START).vouched == frozenset()


def undecided(receiver: Receiver, *tokens: str) -> dict[str, type[Exception]]:
    found = receiver.use.vouched_tenants(tokens, START)
    assert found.vouched == frozenset()
    return {tenant: type(why) for tenant, why in found.undecided.items()}


def test_a_key_too_new_to_be_known_leaves_its_tenant_undecided_whoever_asks_for_it_first(receiver: Receiver) -> None:
    """Keys are rotated in the middle of visits, and not everywhere at once."""
    for _ in range(2):
        assert undecided(receiver, validation_token(ONE, key=rsa_key("stranger"))) == {ONE: KeyNotYetKnownError}
    receiver.published = public(rsa_key("stranger"))
    receiver.clock.forward(30)
    found = receiver.use.vouched_tenants((validation_token(ONE, key=rsa_key("stranger")),), START)
    assert found.vouched == {ONE}
    assert not found.undecided


def test_a_tenant_that_is_vouched_for_is_not_undecided_and_decides_for_no_other(receiver: Receiver) -> None:
    strange = [validation_token(tenant, key=rsa_key("stranger")) for tenant in (ONE, TWO)]
    found = receiver.use.vouched_tenants((strange[0], validation_token(ONE), *strange), START)
    assert found.vouched == {ONE}
    assert set(found.undecided) == {TWO}


@pytest.mark.parametrize("name", WRONG)
def test_what_no_key_could_make_right_is_refused_at_once(receiver: Receiver, name: str) -> None:
    assert undecided(receiver, validation_token(ONE, key=rsa_key("stranger"), **WRONG[name])) == {}


@pytest.mark.parametrize("header", [{}, {"kid": None}, {"kid": ""}])
def test_a_token_that_names_no_key_is_refused_at_once(receiver: Receiver, header: dict[str, Any]) -> None:
    parts = validation_token(ONE).split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", **header}).encode()).decode().rstrip("=")
    assert undecided(receiver, ".".join([head, *parts[1:]])) == {}


def test_while_entras_keys_cannot_be_read_every_tenant_is_undecided(receiver: Receiver) -> None:
    receiver.down = True
    tokens = validation_token(ONE), validation_token(TWO.upper(), "1.0")
    assert undecided(receiver, *tokens) == {ONE: KeysUnavailableError, TWO: KeysUnavailableError}


def test_a_reason_holds_nothing_of_the_notification(receiver: Receiver) -> None:
    resource = {"secret": "Markername"}
    good = encrypted(receiver.keys, resource)
    for content in (
        {**good, "data": flipped(good["data"])},
        {**good, "dataKey": "Markername"},
        encrypted(receiver.keys, None, raw=b'"Markername"'),
    ):
        assert "Markername" not in reason(receiver, content)
