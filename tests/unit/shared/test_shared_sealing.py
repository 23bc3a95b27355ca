"""Sealing: what goes in comes out, for the same purpose, with the same key, unchanged; else nothing does."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sealing import SealBrokenError, Sealer

SEALER = Sealer(b"k" * 32)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
PURPOSES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def unpacked(sealed: str) -> bytes:
    return base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))


@given(PURPOSES, TEXTS)
def test_what_is_sealed_is_opened(purpose: str, text: str) -> None:
    for sealed in (SEALER.seal(purpose, text), SEALER.seal_the_same(purpose, text)):
        assert SEALER.open(purpose, sealed) == text
        assert sealed.isascii()
        assert not set(sealed) & set('+/=;, "')


@given(PURPOSES, PURPOSES, TEXTS)
def test_another_purpose_opens_nothing(purpose: str, other: str, text: str) -> None:
    if purpose == other:
        other += "'"
    for sealed in (SEALER.seal(purpose, text), SEALER.seal_the_same(purpose, text)):
        with pytest.raises(SealBrokenError):
            SEALER.open(other, sealed)


@given(TEXTS, st.integers(min_value=0), st.integers(1, 255))
def test_a_changed_byte_opens_nothing(text: str, place: int, change: int) -> None:
    raw = bytearray(unpacked(SEALER.seal("p", text)))
    raw[place % len(raw)] ^= change
    with pytest.raises(SealBrokenError):
        SEALER.open("p", base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="))


@given(TEXTS, st.integers(min_value=1))
def test_a_shortened_seal_opens_nothing(text: str, cut: int) -> None:
    raw = unpacked(SEALER.seal("p", text))
    with pytest.raises(SealBrokenError):
        SEALER.open("p", base64.urlsafe_b64encode(raw[: -(cut % len(raw)) or -1]).decode().rstrip("="))


@given(st.text(max_size=80))
def test_what_we_never_sealed_opens_nothing(text: str) -> None:
    with pytest.raises(SealBrokenError):
        SEALER.open("p", text)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealBrokenError):
        Sealer(b"x" * 32).open("p", SEALER.seal("p", "text"))


def test_seals_differ_unless_they_are_asked_to_be_the_same() -> None:
    assert SEALER.seal("p", "text") != SEALER.seal("p", "text")
    assert SEALER.seal_the_same("p", "text") == SEALER.seal_the_same("p", "text")
    assert SEALER.seal_the_same("p", "text") != SEALER.seal_the_same("p", "texts")
    assert SEALER.seal_the_same("p", "text") != SEALER.seal_the_same("q", "text")


def test_a_keyed_hash_tells_parts_purposes_and_keys_apart() -> None:
    hashes = [
        SEALER.keyed_hash("p", "a", "b"),
        SEALER.keyed_hash("p", "ab"),
        SEALER.keyed_hash("p", "a", "b", ""),
        SEALER.keyed_hash("p", "", "ab"),
        SEALER.keyed_hash("q", "a", "b"),
        Sealer(b"x" * 32).keyed_hash("p", "a", "b"),
    ]
    assert len(set(hashes)) == len(hashes)
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in hashes)
    assert SEALER.is_keyed_hash(hashes[0], "p", "a", "b")
    assert not SEALER.is_keyed_hash(hashes[1], "p", "a", "b")


@given(st.text(max_size=40) | st.just("\ud800"))
def test_no_candidate_for_a_keyed_hash_is_more_than_wrong(candidate: str) -> None:
    assert not SEALER.is_keyed_hash(candidate, "p", "a")


def test_half_of_a_surrogate_pair_has_a_hash_too() -> None:
    assert len({SEALER.keyed_hash("p", part) for part in ("\ud800", "\udc00", "\ud800\udc00", "?")}) == 4
