"""`python -m scripts.portal DIST`: makes a built portal ready for the stamps of one deployment.

Runs portal/admin/scripts/place.mjs, which writes config.json and lets the portal's policy call the stamps, no others.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from scripts import outputs

PLACE = Path(__file__).resolve().parents[1] / "portal" / "admin" / "scripts" / "place.mjs"


def place_words(dist: Path, config: dict[str, Any]) -> list[str]:
    """The arguments of place.mjs for what config.json must say."""
    words = ["--root", str(dist), "--authority", config["authority"], "--client-id", config["clientId"]]
    words += ["--api-client-id", config["scope"].removeprefix("api://").partition("/")[0]]
    for one in config["regions"]:
        words += ["--region", f"{one['geography']}={one['apiBaseUrl']}"]
    return words


def main(words: list[str]) -> int:
    """Place the portal; the exit code of place.mjs."""
    parser = argparse.ArgumentParser("python -m scripts.portal", description=__doc__)
    parser.add_argument("dist", type=Path)
    parser.add_argument("--outputs", type=Path, help="what the deployment told (default: azd's environment)")
    chosen = parser.parse_args(words)
    node = shutil.which("node")
    if not node:
        print("`node` is not on PATH; docs/development.md says what is needed.", file=sys.stderr)
        return 1
    config = outputs.read(chosen.outputs).portal_config
    return subprocess.run([node, str(PLACE), *place_words(chosen.dist.resolve(), config)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
