"""A stamp stands in its geography, and a copy of its storage only in the region's pair: else nothing is made."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from shared.identifiers import Geography
from tests.support.bicep.profiles import INFRA, in_geography, stamp
from tests.support.bicep.values import RefusedError

REGIONS: dict[str, dict[str, str]] = json.loads((INFRA / "regions.json").read_text(encoding="utf-8"))


def test_a_geography_without_a_region_gets_no_stamp() -> None:
    assert [one["geography"] for one in stamp().outputs["STAMPS"]] == ["emea"]
    everywhere = stamp(regions={"amer": "eastus2", "emea": "swedencentral", "apac": "japaneast"})
    assert [one["region"] for one in everywhere.outputs["STAMPS"]] == ["eastus2", "japaneast", "swedencentral"]


def test_one_geography_can_be_laid_alone_and_the_portal_still_knows_all() -> None:
    regions = {"amer": "eastus2", "emea": "swedencentral", "apac": "japaneast"}
    everywhere = stamp(regions=regions, portalKind="storage")
    alone = {name: stamp(regions=regions, portalKind="storage", onlyGeography=name) for name in regions}
    assert [one for each in sorted(alone) for one in alone[each].outputs["STAMPS"]] == everywhere.outputs["STAMPS"]
    whole = {(one.deployment, one.type, one.name): one.body for one in everywhere.resources}
    laid: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    for name, deployed in alone.items():
        assert deployed.outputs["PORTAL_CONFIG"] == everywhere.outputs["PORTAL_CONFIG"]
        groups = {one.name for one in deployed.of_type("Microsoft.Resources/resourceGroups")}
        assert groups == {"rg-sample-portal", f"rg-sample-{name}"}
        laid |= {(one.deployment, one.type, one.name): one.body for one in deployed.resources}
    assert laid == whole


def test_the_geographies_are_those_of_the_code() -> None:
    assert set(REGIONS) == {geography.value for geography in Geography}


def test_no_region_is_in_two_geographies_and_each_pair_in_the_same() -> None:
    homes = [(region, geography) for geography, regions in REGIONS.items() for region in regions]
    assert len(dict(homes)) == len(homes)
    elsewhere = [
        (region, pair)
        for geography, regions in REGIONS.items()
        for region, pair in regions.items()
        if pair and dict(homes).get(pair, geography) != geography
    ]
    assert elsewhere == []


@pytest.mark.parametrize("geography", REGIONS)
def test_each_geography_takes_its_regions_and_no_other(geography: str) -> None:
    for home, regions in REGIONS.items():
        for region in regions:
            if home == geography:
                (made,) = stamp(regions=in_geography(geography, region)).outputs["STAMPS"]
                assert made["region"] == region
            else:
                with pytest.raises(RefusedError, match=f"{region} is not a region of {geography}"):
                    stamp(regions=in_geography(geography, region))


@pytest.mark.parametrize("region", ["chinaeast2", "Sweden Central", "swedencentral ", "moon"])
def test_a_region_that_nobody_knows_is_refused(region: str) -> None:
    with pytest.raises(RefusedError, match="is not a region of emea"):
        stamp(regions=in_geography("emea", region))


def test_one_wrong_region_stops_the_other_stamps_too() -> None:
    with pytest.raises(RefusedError):
        stamp(regions={"amer": "eastus2", "emea": "japaneast", "apac": ""})


def test_a_copy_in_another_region_must_name_the_pair() -> None:
    def kind(pair: str) -> tuple[str, str]:
        account = stamp(storagePairs=in_geography("emea", pair)).of_type("Microsoft.Storage/storageAccounts")[-1]
        return account.body["sku"]["name"], account.body["tags"].get("copiedTo", "")

    assert kind("") == ("Standard_ZRS", "")
    assert kind("swedensouth") == ("Standard_GZRS", "swedensouth")
    with pytest.raises(RefusedError, match="westeurope is not the pair of swedencentral"):
        kind("westeurope")


def test_a_region_without_a_pair_takes_no_copy() -> None:
    with pytest.raises(RefusedError, match="is not the pair of polandcentral"):
        stamp(regions=in_geography("emea", "polandcentral"), storagePairs=in_geography("emea", "swedencentral"))
