"""`python -m scripts.release --package package.zip`: the package to one geography after the other, with a way back.

After each geography a smoke test. If it fails, the last good package goes back there, and no other geography is
touched. A geography that has passed keeps the new package: stamps know nothing of each other.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts import outputs
from scripts.az import AzError
from scripts.outputs import Deployed
from scripts.publish import DeploymentSite, PublishError, build_of, publish, site_of
from scripts.smoke import Stamp, stamp_problems


@dataclass(frozen=True)
class Release:
    """What is released, and what comes back if it is not good."""

    package: Path
    last_good: Path | None
    portal: str
    patience: float = 300
    site: Callable[[str, str], DeploymentSite] = site_of

    def bring(self, stamp: Deployed, package: Path) -> list[str]:
        """Publish to one stamp and look at it; what is wrong, in sentences."""
        try:
            publish(self.site(stamp.resource_group, stamp.function_app), package)
        except (PublishError, AzError) as problem:
            return [str(problem)]
        wanted = Stamp(stamp.url, build_of(package), stamp.geography, self.portal)
        return stamp_problems(wanted, self.patience)


def release(work: Release, stamps: list[Deployed]) -> int:
    """Go through the geographies; 0 if the new package runs in all of them."""
    for place, stamp in enumerate(stamps):
        print(f"{stamp.geography}: publishing {build_of(work.package)} to {stamp.function_app}", flush=True)
        problems = work.bring(stamp, work.package)
        if not problems:
            print(f"{stamp.geography}: good", flush=True)
            continue
        _tell(stamp, problems)
        _go_back(work, stamp)
        left = ", ".join(one.geography for one in stamps[place + 1 :])
        print(f"Stopped. Not touched: {left or 'what comes after it'}.", flush=True)
        return 1
    return 0


def _go_back(work: Release, stamp: Deployed) -> None:
    if work.last_good is None:
        print(
            f"{stamp.geography}: there is no last good package to bring back; see docs/deploy.md, Rollback", flush=True
        )
        return
    print(f"{stamp.geography}: bringing back {build_of(work.last_good)}", flush=True)
    problems = work.bring(stamp, work.last_good)
    if problems:
        _tell(stamp, problems)
        print(f"{stamp.geography}: THE LAST GOOD PACKAGE IS NOT GOOD EITHER: somebody must look now", flush=True)
    else:
        print(f"{stamp.geography}: the last good package runs again", flush=True)


def _tell(stamp: Deployed, problems: list[str]) -> None:
    for problem in problems:
        print(f"{stamp.geography}: {problem}", flush=True)


def main(words: list[str]) -> int:
    """Read the outputs of the deployment and release; 0 if all is good."""
    parser = argparse.ArgumentParser("python -m scripts.release", description=__doc__)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--last-good", type=Path, help="the package that comes back; left out, or not there, none does")
    parser.add_argument("--outputs", type=Path, help="what the deployment told (default: azd's environment)")
    parser.add_argument("--patience", type=float, default=300, metavar="SECONDS")
    chosen = parser.parse_args(words)
    told = outputs.read(chosen.outputs)
    last_good = chosen.last_good if chosen.last_good and chosen.last_good.is_file() else None
    return release(Release(chosen.package, last_good, told.portal, chosen.patience), told.stamps)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
