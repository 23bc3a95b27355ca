"""The names that the template gives, known before anything is made: how `uniqueString` of Resource Manager works."""

from collections.abc import Mapping
from dataclasses import dataclass

GEOGRAPHIES = ("amer", "emea", "apac")
_WORD, _LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_C1, _C2, _C3, _C4 = 0x239B961B, 0xAB0E9789, 0x561CCD1B, 0x0BCAA747


@dataclass(frozen=True)
class StampNames:
    """What is named world-wide in one stamp, and where it is."""

    resource_group: str
    function_app: str
    storage_account: str
    vault: str


def stamp_names(subscription: str, environment: str, geography: str) -> StampNames:
    """As infra/main.bicep and infra/stamp name them; `subscription` is its id alone."""
    token = unique_string(f"/subscriptions/{subscription}", environment, geography)
    return StampNames(f"rg-{environment}-{geography}", f"func-ehr-{geography}-{token}", f"stehr{token}", f"kv-{token}")


def wanted_regions(environment: Mapping[str, str]) -> dict[str, str]:
    """The region of each geography that is to have a stamp, from AMER_REGION, EMEA_REGION and APAC_REGION."""
    found = {geography: environment.get(f"{geography.upper()}_REGION", "").strip() for geography in GEOGRAPHIES}
    return {geography: region for geography, region in found.items() if region}


def unique_string(*parts: str) -> str:
    """13 letters and digits for these parts, the same that `uniqueString` gives in a template.

    Not documented: a MurmurHash of 64 bits with constants of its own, over the parts joined by dashes, in base 32.
    """
    value = _hash("-".join(parts).encode())
    return "".join(_LETTERS[(value << 5 * place & _LONG) >> 59] for place in range(13))


def _hash(data: bytes) -> int:
    first = second = 0
    whole = len(data) // 8 * 8
    for at in range(0, whole, 8):
        first = _turn(first ^ _scramble(data[at : at + 4], _C1, 15, _C2), 19)
        first = ((first + second) * 5 + _C3) & _WORD
        second = _turn(second ^ _scramble(data[at + 4 : at + 8], _C2, 17, _C1), 13)
        second = ((second + first) * 5 + _C4) & _WORD
    rest = data[whole:]
    first ^= _scramble(rest[:4], _C1, 15, _C2) ^ len(data)
    second ^= _scramble(rest[4:], _C2, 17, _C1) ^ len(data)
    first, second = _join(first, second)
    first, second = _join(_finish(first), _finish(second))
    return second << 32 | first


def _scramble(data: bytes, before: int, turns: int, after: int) -> int:
    return _turn(int.from_bytes(data, "little") * before & _WORD, turns) * after & _WORD


def _turn(word: int, places: int) -> int:
    return (word << places | word >> (32 - places)) & _WORD


def _join(first: int, second: int) -> tuple[int, int]:
    first = (first + second) & _WORD
    return first, (second + first) & _WORD


def _finish(word: int) -> int:
    word = (word ^ word >> 16) * 0x85EBCA6B & _WORD
    word = (word ^ word >> 13) * 0xC2B2AE35 & _WORD
    return word ^ word >> 16
