"""The outputs of infra/main.bicep, as `az` prints them or as `azd` puts them into the environment."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Deployed:
    """One stamp that was laid."""

    geography: str
    resource_group: str
    function_app: str
    url: str


@dataclass(frozen=True)
class Outputs:
    """What a deployment told."""

    values: dict[str, Any]

    @property
    def stamps(self) -> list[Deployed]:
        """All stamps, always in the same order."""
        found = [
            Deployed(one["geography"], one["resourceGroup"], one["functionApp"], one["publicBaseUrl"].rstrip("/"))
            for one in self.values["STAMPS"]
        ]
        return sorted(found, key=lambda one: one.geography)

    @property
    def portal(self) -> str:
        """Origin of the portal."""
        return str(self.values["PORTAL_BASE_URL"]).rstrip("/")

    @property
    def portal_config(self) -> dict[str, Any]:
        """What the portal's config.json must say."""
        return dict(self.values["PORTAL_CONFIG"])


def read(file: Path | None) -> Outputs:
    """From a file that `az deployment sub create --query properties.outputs` wrote, or from azd's environment."""
    if file is None:
        told = {name: os.environ[name] for name in ("STAMPS", "PORTAL_CONFIG")}
        values = {name: json.loads(text) for name, text in told.items()}
        return Outputs({**values, "PORTAL_BASE_URL": os.environ["PORTAL_BASE_URL"]})
    content = json.loads(file.read_text("utf-8"))
    # Resource Manager gives names back in a case of its own.
    return Outputs({name.upper(): one["value"] for name, one in content.items()})


def main(words: list[str]) -> int:
    """Print one output that is text: `python -m scripts.outputs outputs.json PORTAL_NAME`."""
    print(read(Path(words[0])).values[words[1]])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
