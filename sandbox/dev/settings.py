"""Which settings the functions get: those of the sample, with local addresses moved to the ports in use."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.dev.ports import Ports

SAMPLE = "local.settings.sample.json"
OWN = "local.settings.json"
_LOCAL_ADDRESS = re.compile(r"\b(localhost|127\.0\.0\.1|\[::1\]):(\d+)")
_DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"
# Not a secret: the account and key that every Azurite has, printed in Microsoft's documentation.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class SettingsProblemError(Exception):
    """A settings file that cannot be used; the message says which and why."""


def storage_connection(ports: Ports) -> str:
    """Azurite's connection string at these ports."""
    endpoints = {"Blob": ports.blob, "Queue": ports.queue, "Table": ports.table}
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};" + "".join(
        f"{kind}Endpoint=http://127.0.0.1:{port}/{_ACCOUNT};" for kind, port in endpoints.items()
    )


def read_values(file: Path) -> dict[str, str]:
    """The values of a settings file as Core Tools defines it."""
    try:
        content: Any = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsProblemError(f"{file} is missing.") from None
    except json.JSONDecodeError as problem:
        raise SettingsProblemError(f"{file} is not JSON: {problem}") from None
    values = content.get("Values") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise SettingsProblemError(f'{file} has no object "Values".')
    return {str(name): str(value) for name, value in values.items()}


def moved(values: Mapping[str, str], ports: Ports) -> dict[str, str]:
    """The values, where they name a default port of the sandbox, with the port in use instead."""
    actual = ports.named()
    by_default = {str(port): str(actual[name]) for name, port in Ports().named().items()}

    def replace(match: re.Match[str]) -> str:
        return f"{match[1]}:{by_default.get(match[2], match[2])}"

    return {
        name: storage_connection(ports) if _is_development_storage(value) else _LOCAL_ADDRESS.sub(replace, value)
        for name, value in values.items()
    }


def _is_development_storage(value: str) -> bool:
    return value.strip().rstrip(";") == _DEVELOPMENT_STORAGE


def _is_local(value: str) -> bool:
    return _is_development_storage(value) or bool(_LOCAL_ADDRESS.search(value))


def whole_sandbox(root: Path, ports: Ports) -> tuple[Path, dict[str, str]]:
    """When everything runs: addresses are given by environment, so that one left over in a shell does not count."""
    sample = root / SAMPLE
    values = read_values(sample)
    local = {name: value for name, value in values.items() if _is_local(value)}
    return sample, moved(local, ports)


def only_functions(root: Path, ports: Ports) -> tuple[Path, dict[str, str]]:
    """For the functions alone: what the shell sets wins over the file, as with Core Tools."""
    own = root / OWN
    if not own.exists():
        if not (root / SAMPLE).exists():
            raise SettingsProblemError(f"{root / SAMPLE} is missing.")
        shutil.copyfile(root / SAMPLE, own)
    values = read_values(own)
    # Azurite is ours and its ports may not be the default ones; everything else is as the file says.
    return own, {name: value for name, value in moved(values, ports).items() if value != values[name]}
