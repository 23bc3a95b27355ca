"""All rules, and what they find in a folder of templates."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pycep import BicepParser

from tests.support.bicep import names, schema
from tests.support.bicep.evaluate import deploy
from tests.support.bicep.rules import access, secrets, watching
from tests.support.bicep.syntax import SyntaxProblemError, errors, source
from tests.support.bicep.values import Deployed, RefusedError, WrongError

Rule = Callable[[Deployed], Iterable[str]]
RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        secrets.no_shared_keys,
        secrets.no_public_blobs,
        secrets.new_tls,
        secrets.closed_to_the_internet,
        secrets.encrypted_twice,
        secrets.vault_is_kept,
        secrets.keys_as_the_code_wants,
        secrets.no_secret_in_settings,
        secrets.can_be_restored,
        secrets.stays_in_the_region,
        secrets.locked,
        access.narrow_roles,
        access.on_flex,
        access.identity_only,
        access.the_door,
        access.inside_the_network,
        access.stamps_stand_alone,
        access.portal_holds_nothing,
        access.portal_sends_headers,
        access.tagged,
        watching.logs_by_identity,
        watching.somebody_is_told,
        watching.told_in_time,
        watching.no_gap_between_looks,
        watching.probes_the_door,
        watching.accesses_are_written_down,
        watching.has_a_budget,
    )
}


def files(folder: Path) -> list[Path]:
    """The templates."""
    return sorted(folder.rglob("*.bicep"))


def parses(folder: Path) -> list[str]:
    """What either parser could not read."""
    found = []
    for path in files(folder):
        text = source(path)
        found += [f"{path.name}: {one}" for one in errors(text)]
        try:
            BicepParser().parse(text=text)
        except Exception as error:  # noqa: BLE001 - whatever the other parser raises
            found.append(f"{path.name}: {type(error).__name__}: {str(error).splitlines()[0]}")
    return found


def resolves(folder: Path) -> list[str]:
    """Names that lead nowhere."""
    return [one for path in files(folder) for one in names.problems(path)]


def fits(deployed: Deployed) -> list[str]:
    """What Microsoft's models do not know."""
    return sorted({one for each in deployed.resources for one in schema.problems(each.type, each.body)})


def findings(folder: Path) -> dict[str, list[str]]:
    """What is wrong with the secure profile, by the rule that found it."""
    found: dict[str, list[str]] = {}
    try:
        found["resolves"] = resolves(folder)
        deployed = deploy(folder / "main.test.bicep")
    except (SyntaxProblemError, WrongError, RefusedError) as error:
        found["works_out"] = [str(error)]
    else:
        found["fits"] = fits(deployed)
        found |= {name: list(rule(deployed)) for name, rule in RULES.items()}
    return {name: each for name, each in found.items() if each}
