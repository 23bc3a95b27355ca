"""Checking tokens of others: every wrong claim, the tricks of RFC 8725, and keys that come and go."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk

from shared.jose import (
    CheckedSignatures,
    Expectation,
    KeyNotYetKnownError,
    KeySource,
    KeysUnavailableError,
    TokenRefusedError,
    sign,
    unverified_claims,
    verify,
)
from tests.support.fakes import START, Clock
from tests.support.tokens import decoded, encoded, public, rsa_key, signed

NOW = int(START.timestamp())
ISSUER = "https://issuer.example"
EXPECTED = Expectation(
    issuers={ISSUER}, audiences={"us"}, algorithms=("RS256",), required=("exp", "iat", "sub"), equal={"nonce": "n"}
)
GOOD: Mapping[str, Any] = {"iss": ISSUER, "aud": "us", "sub": "x", "nonce": "n", "iat": NOW, "exp": NOW + 300}


class Publisher:
    """An issuer that counts how often its keys are fetched."""

    def __init__(self, *keys: jwk.JWK, **more: str) -> None:
        self.keys = public(*keys, **more)
        self.fetches = 0
        self.fails = False
        self.clock = Clock()
        self.source = KeySource(self._fetch, self.clock)

    def _fetch(self) -> Mapping[str, Any]:
        self.fetches += 1
        if self.fails:
            raise OSError
        return self.keys


def check(token: str, expected: Expectation = EXPECTED, publisher: Publisher | None = None) -> dict[str, Any]:
    source = (publisher or Publisher(rsa_key())).source
    return dict(verify(token, source, expected, START))


def refused(token: str, expected: Expectation = EXPECTED, publisher: Publisher | None = None) -> str:
    with pytest.raises(TokenRefusedError) as caught:
        check(token, expected, publisher)
    return caught.value.claim


def test_a_right_token_is_accepted() -> None:
    assert check(signed(rsa_key(), GOOD)) == GOOD


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "https://other.example"),
        ("iss", None),
        ("iss", [ISSUER]),
        ("iss", {"a": 1}),
        ("aud", "them"),
        ("aud", None),
        ("aud", ["them", 3]),
        ("aud", {"us": 1}),
        ("exp", NOW - 61),
        ("exp", None),
        ("exp", str(NOW + 300)),
        ("exp", True),
        ("exp", float("nan")),
        ("exp", float("inf")),
        ("exp", 10**400),
        ("exp", -1),
        ("iat", NOW + 61),
        ("iat", None),
        ("iat", [NOW]),
        ("nbf", NOW + 61),
        ("nbf", "soon"),
        ("sub", ""),
        ("sub", None),
        ("nonce", "another"),
        ("nonce", None),
        ("nonce", ["n"]),
    ],
)
def test_each_wrong_claim_is_named(claim: str, value: object) -> None:
    assert refused(signed(rsa_key(), {**GOOD, claim: value})) == claim


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub", "nonce"])
def test_each_missing_claim_is_named(claim: str) -> None:
    assert refused(signed(rsa_key(), {name: value for name, value in GOOD.items() if name != claim})) == claim


@pytest.mark.parametrize("change", [{"exp": NOW - 60}, {"iat": NOW + 60}, {"nbf": NOW + 60}, {"aud": ["them", "us"]}])
def test_a_minute_of_wrong_clock_and_several_audiences_are_fine(change: dict[str, Any]) -> None:
    assert check(signed(rsa_key(), {**GOOD, **change}))["sub"] == "x"


@pytest.mark.parametrize("value", [0, NOW - 0.5])
def test_any_number_from_nought_on_is_a_time(value: float) -> None:
    assert check(signed(rsa_key(), {**GOOD, "iat": value, "nbf": value}))["iat"] == value


def test_no_time_is_as_far_away_as_numbers_are_not_exact_any_more() -> None:
    assert refused(signed(rsa_key(), {**GOOD, "exp": 2**53})) == "exp"
    assert check(signed(rsa_key(), {**GOOD, "exp": 2**53 - 1}))["sub"] == "x"


def test_a_token_that_need_not_expire_may_say_no_times() -> None:
    timeless = {name: value for name, value in GOOD.items() if name not in ("exp", "iat")}
    assert check(signed(rsa_key(), timeless), replace(EXPECTED, required=()))["sub"] == "x"


def test_a_token_longer_than_any_is_refused_unread() -> None:
    long = signed(rsa_key(), {**GOOD, "more": "x" * 32 * 1024})
    assert refused(long) == "form"
    with pytest.raises(TokenRefusedError) as caught:
        unverified_claims(long)
    assert caught.value.claim == "form"


def test_alg_none_is_refused() -> None:
    for spelling in ("none", "None", "NONE", ""):
        header = encoded(json.dumps({"alg": spelling, "kid": "one"}))
        assert refused(f"{header}.{encoded(json.dumps(dict(GOOD)))}.") == "alg"


def test_the_public_key_is_no_shared_secret() -> None:
    pem = rsa_key().export_to_pem()
    secret = jwk.JWK(kty="oct", k=encoded(pem), kid="one")
    assert refused(signed(secret, GOOD, "HS256")) == "alg"
    # Even an issuer that would allow HS256 gives us no key for it.
    lenient = Expectation(issuers={ISSUER}, audiences={"us"}, algorithms=("RS256", "HS256"))
    assert refused(signed(secret, GOOD, "HS256"), lenient) == "signature"


def test_an_algorithm_that_is_not_expected_is_refused_though_rightly_signed() -> None:
    assert refused(signed(rsa_key(), GOOD, "RS512")) == "alg"
    assert refused(signed(rsa_key(), GOOD, "PS256")) == "alg"


def test_keys_in_the_header_are_not_looked_at() -> None:
    attacker = rsa_key("attacker")
    brought = json.loads(attacker.export_public())
    publisher = Publisher(rsa_key())
    for header in ({"jwk": brought}, {"jku": "https://attacker.example/keys"}, {"x5u": "https://attacker.example/x"}):
        forged = signed(attacker, GOOD, kid="one", **header)
        assert refused(forged, publisher=publisher) == "signature"
    assert refused(signed(attacker, GOOD, jwk=brought), publisher=publisher) == "kid"
    assert publisher.fetches == 1


def test_tampering_breaks_the_signature() -> None:
    header, _, signature = signed(rsa_key(), GOOD).split(".")
    content = encoded(json.dumps({**GOOD, "sub": "somebody else"}))
    assert refused(f"{header}.{content}.{signature}") == "signature"
    assert refused(f"{header}.{content}.") == "signature"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "é.é.é",
        "....",
        f"{encoded('[]')}.e30.x",
        f"{encoded('{')}.e30.x",
        f"{encoded('[' * 5000)}.e30.x",
        f"{encoded(bytes([255, 254]))}.e30.x",
        "x" * 40_000 + ".e30.x",
    ],
)
def test_what_is_no_token_is_refused_as_that(token: str) -> None:
    assert refused(token) == "form"


@given(st.text(max_size=60) | st.lists(st.text(max_size=20), min_size=3, max_size=3).map(".".join))
def test_no_text_does_anything_but_be_refused(token: str) -> None:
    acts: list[Callable[[str], object]] = [check, unverified_claims]
    for act in acts:
        try:
            act(token)
        except TokenRefusedError:
            continue


def test_content_that_is_no_object_is_refused() -> None:
    assert refused(signed(rsa_key(), [1, 2])) == "form"  # type: ignore[arg-type]


def test_a_key_signs_only_for_its_own_issuer() -> None:
    tenant = "11111111-2222-4333-8444-555555555555"
    template = "https://login.example/{tenantid}/v2.0"
    two = f"https://login.example/{tenant}/v2.0"
    one = f"https://sts.windows.net/{tenant}/"
    expected = Expectation(issuers={one, two}, audiences={"us"}, algorithms=("RS256",))
    other = "https://login.example/99999999-2222-4333-8444-555555555555/v2.0"
    for named, claims, right in (
        (template, {"iss": two, "tid": tenant, "ver": "2.0"}, True),
        (template, {"iss": one, "tid": tenant, "ver": "1.0"}, True),
        (two, {"iss": one, "tid": tenant, "ver": "1.0"}, True),
        (other, {"iss": two, "tid": tenant, "ver": "2.0"}, False),
        (other, {"iss": one, "tid": tenant, "ver": "1.0"}, False),
        (template, {"iss": one, "tid": tenant, "ver": "2.0"}, False),
        (template, {"iss": two, "tid": "elsewhere", "ver": "2.0"}, False),
    ):
        token, publisher = signed(rsa_key(), {**GOOD, **claims}), Publisher(rsa_key(), issuer=named)
        if right:
            assert check(token, expected, publisher)["tid"] == tenant
        else:
            assert refused(token, expected, publisher) == "iss"


def test_an_unknown_key_is_asked_for_once_in_a_cool_down() -> None:
    publisher = Publisher(rsa_key())
    assert publisher.source.key("one").members["kty"] == "RSA"
    for seconds in (0, 10, 19.9):
        publisher.clock.forward(seconds)
        for made_up in range(20):
            with pytest.raises(KeyNotYetKnownError, match="kid"):
                publisher.source.key(f"made-up-{made_up}")
    assert publisher.fetches == 1
    publisher.clock.forward(0.1)
    publisher.keys = public(rsa_key(), rsa_key("two"))
    assert publisher.source.key("two").members["kid"] == "two"
    assert publisher.fetches == 2
    publisher.clock.forward(30)
    with pytest.raises(KeyNotYetKnownError, match="kid"):
        publisher.source.key("three")
    assert publisher.fetches == 3, "who makes us ask is told the same as who does not"


def test_keys_are_fetched_anew_after_a_day_and_kept_when_that_fails() -> None:
    publisher = Publisher(rsa_key())
    publisher.source.key("one")
    publisher.clock.forward(hours=23)
    publisher.source.key("one")
    assert publisher.fetches == 1
    publisher.fails = True
    publisher.clock.forward(hours=2)
    assert publisher.source.key("one").members["kid"] == "one"
    assert publisher.source.key("one").members["kid"] == "one"
    assert publisher.fetches == 2
    publisher.fails = False
    publisher.keys = public(rsa_key("two"))
    publisher.clock.forward(30)
    with pytest.raises(TokenRefusedError, match="kid"):
        publisher.source.key("one")


@pytest.mark.parametrize("answer", [{}, {"keys": 3}, {"keys": [3]}, {"keys": []}, {"keys": [{"kty": "RSA"}]}, []])
def test_an_answer_without_keys_is_as_good_as_none(answer: Any) -> None:
    publisher = Publisher(rsa_key())
    publisher.source.key("one")
    publisher.keys = answer
    publisher.clock.forward(hours=25)
    assert publisher.source.key("one").members["kid"] == "one"


def test_while_the_issuer_cannot_be_asked_nothing_is_said_of_a_token() -> None:
    publisher = Publisher(rsa_key())
    publisher.fails = True
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            publisher.source.key("one")
    assert publisher.fetches == 1
    publisher.fails = False
    publisher.clock.present += timedelta(seconds=30)
    assert publisher.source.key("one").members["kid"] == "one"


def test_a_remembered_signature_vouches_for_no_claim_no_other_key_and_no_other_token() -> None:
    publisher, remembered = Publisher(rsa_key()), CheckedSignatures()
    good = signed(rsa_key(), GOOD)

    def again(token: str, expected: Expectation = EXPECTED, after: float = 0) -> dict[str, Any]:
        moment = START + timedelta(seconds=after)
        return dict(verify(token, publisher.source, expected, moment, remembered))

    assert again(good) == again(good) == GOOD
    head, payload, signature = good.split(".")
    another = encoded(json.dumps({**GOOD, "sub": "y"}))
    for token in (f"{head}.{another}.{signature}", f"{head}.{payload}.{signature[:-8]}AAAAAAAA", f"{good}\ud800"):
        for _ in range(2):
            with pytest.raises(TokenRefusedError, match="signature"):
                again(token)
    with pytest.raises(TokenRefusedError, match="exp"):
        again(good, after=400)
    with pytest.raises(TokenRefusedError, match="nonce"):
        again(good, replace(EXPECTED, equal={"nonce": "another"}))
    with pytest.raises(TokenRefusedError, match="alg"):
        again(good, replace(EXPECTED, algorithms=("RS384",)))
    # The issuer withdraws the key, and publishes another under its name.
    publisher.keys = public(jwk.JWK.generate(kty="RSA", size=2048, kid="one"))
    publisher.clock.forward(hours=25)
    with pytest.raises(TokenRefusedError, match="signature"):
        again(good)


def test_signatures_are_not_remembered_without_end() -> None:
    publisher, remembered = Publisher(rsa_key()), CheckedSignatures(most=2)
    key = publisher.source.key("one")
    tokens = [signed(rsa_key(), {**GOOD, "jti": str(number)}) for number in range(3)]
    for token in tokens:
        verify(token, publisher.source, EXPECTED, START, remembered)
    assert [remembered.payload(token, key) is not None for token in tokens] == [False, False, True]


def test_our_own_signature_says_which_key_and_algorithm() -> None:
    token = sign(rsa_key(), "RS384", GOOD, header={"jku": "https://us.example/keys"})
    header = json.loads(decoded(token.split(".")[0]))
    assert header == {"alg": "RS384", "kid": "one", "typ": "JWT", "jku": "https://us.example/keys"}
    theirs = Expectation(issuers={ISSUER}, audiences={"us"}, algorithms=("RS384",))
    assert check(token, theirs) == GOOD
