"""Names known before anything is made: they are the ones that the templates give."""

import re
from pathlib import Path

import pytest

from scripts.names import GEOGRAPHIES, stamp_names, unique_string, wanted_regions
from shared.identifiers import Geography

INFRA = Path(__file__).parents[3] / "infra"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"


# What Resource Manager answers for these, as people who asked it have published.
@pytest.mark.parametrize(
    ("parts", "answer"),
    [(("hello", "world"), "a7wkljktk6wne"), (("tyeth",), "zcztcwvu6iyg6")],
)
def test_unique_string_is_the_one_of_resource_manager(parts: tuple[str, ...], answer: str) -> None:
    assert unique_string(*parts) == answer


@pytest.mark.parametrize("length", range(20))
def test_unique_string_has_thirteen_letters_for_any_length(length: int) -> None:
    assert re.fullmatch(r"[a-z2-7]{13}", unique_string("x" * length))
    assert unique_string("x" * length) != unique_string("x" * (length + 1))


def test_names_are_those_of_the_templates() -> None:
    token = unique_string(f"/subscriptions/{SUBSCRIPTION}", "sample", "emea")
    found = stamp_names(SUBSCRIPTION, "sample", "emea")
    main = (INFRA / "main.bicep").read_text("utf-8")
    assert "uniqueString(subscription().id, environmentName, one.geography)" in main
    patterns = {
        main: (
            "'func-ehr-${one.key}-${uniqueString(subscription().id, environmentName, one.key)}'",
            "'rg-${environmentName}-${one.geography}'",
        ),
        (INFRA / "stamp" / "storage.bicep").read_text("utf-8"): ("name: 'stehr${token}'",),
        (INFRA / "stamp" / "vault.bicep").read_text("utf-8"): ("name: 'kv-${token}'",),
    }
    assert [one for text, parts in patterns.items() for one in parts if one not in text] == []
    assert (found.function_app, found.resource_group) == (f"func-ehr-emea-{token}", "rg-sample-emea")
    assert (found.storage_account, found.vault) == (f"stehr{token}", f"kv-{token}")
    assert len(found.storage_account) <= 24
    assert len(found.vault) <= 24


def test_regions_are_those_that_are_named() -> None:
    assert set(GEOGRAPHIES) == {geography.value for geography in Geography}
    assert wanted_regions({"EMEA_REGION": "uksouth", "APAC_REGION": " "}) == {"emea": "uksouth"}
