"""host.json and local.settings.json: read, checked, with the real host's defaults."""

import json
import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.host.model import HostError

# Half an hour, as on the Flex Consumption plan.
DEFAULT_TIMEOUT = 1800.0
DEFAULT_BODY_LIMIT = 104_857_600
DEFAULT_CONNECTION = "AzureWebJobsStorage"
TIME_SPAN = re.compile(r"(?:(?P<days>\d+)\.)?(?P<hours>\d+):(?P<minutes>\d+)(?::(?P<seconds>\d+(?:\.\d+)?))?")

# The published account of the storage emulator: the same on every machine, and no secret.
EMULATOR_ACCOUNT = "devstoreaccount1"
EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
EMULATOR = f"DefaultEndpointsProtocol=http;AccountName={EMULATOR_ACCOUNT};AccountKey={EMULATOR_KEY};" + ";".join(
    f"{service}Endpoint=http://127.0.0.1:{port}/{EMULATOR_ACCOUNT}"
    for service, port in (("Blob", 10000), ("Queue", 10001), ("Table", 10002))
)


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """`extensions.queues` of host.json; intervals in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_dequeue_count: int = 5
    max_polling_interval: float = 60.0
    visibility_timeout: float = 0.0
    base64: bool = True
    # How long a message stays hidden while it is worked on; renewed at half time. Fixed in the real host.
    hidden: float = 600.0


@dataclass(frozen=True, slots=True)
class HostOptions:
    """What host.json says, as far as this host follows it."""

    route_prefix: str = "api"
    function_timeout: float | None = DEFAULT_TIMEOUT
    queues: QueueOptions = field(default_factory=QueueOptions)
    has_extension_bundle: bool = False
    log_level: str = "Information"


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """local.settings.json: app settings, and the Host section for the local host alone."""

    values: Mapping[str, str] = field(default_factory=dict)
    cors_origins: tuple[str, ...] = ()
    cors_credentials: bool = False


def read_host_json(app_root: Path) -> HostOptions:
    """Read host.json, or say what is wrong with it."""
    path = app_root / "host.json"
    if not path.is_file():
        raise HostError(f'There is no host.json in {app_root}. Add one with at least {{"version": "2.0"}}.')
    document = _read_object(path)
    if document.get("version") != "2.0":
        raise HostError(f'{path} must say "version": "2.0".')
    extensions = _section(document, "extensions", path)
    levels = _section(_section(document, "logging", path), "logLevel", path)
    timeout = document.get("functionTimeout")
    try:
        return HostOptions(
            route_prefix=str(_section(extensions, "http", path).get("routePrefix", "api")).strip("/"),
            function_timeout=_timeout(timeout) if timeout else DEFAULT_TIMEOUT,
            queues=_queue_options(_section(extensions, "queues", path)),
            has_extension_bundle="extensionBundle" in document,
            log_level=str(levels.get("Function") or levels.get("default") or "Information"),
        )
    except ValueError as error:
        raise HostError(f"{path}: {error}") from error


def read_local_settings(path: Path) -> LocalSettings:
    """Read local.settings.json, or say what is wrong with it."""
    if not path.is_file():
        raise HostError(f"There is no settings file {path}. Copy local.settings.sample.json there, or name another.")
    document = _read_object(path)
    if document.get("IsEncrypted"):
        raise HostError(f'{path} is encrypted. Set "IsEncrypted": false and write plain values.')
    values = _section(document, "Values", path)
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise HostError(f"{path}: these values must be strings in quotes: {', '.join(wrong)}.")
    host = _section(document, "Host", path)
    return LocalSettings(
        values=values,
        cors_origins=origins(str(host.get("CORS") or "")),
        cors_credentials=host.get("CORSCredentials") is True,
    )


def origins(text: str) -> tuple[str, ...]:
    """The origins of a list with commas."""
    named = (origin.strip().rstrip("/") for origin in text.split(","))
    return tuple(origin for origin in named if origin)


def apply_values(settings: LocalSettings, environ: MutableMapping[str, str], port: int) -> None:
    """Put app settings into the environment; what is set there already wins, as in Core Tools."""
    local = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "WEBSITE_HOSTNAME": f"localhost:{port}",
    }
    for name, value in {**local, **settings.values}.items():
        environ.setdefault(name, value)


def resolve_names(text: str, environ: Mapping[str, str]) -> str:
    """Replace each `%setting%` by the app setting of that name."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in environ:
            raise HostError(f"The app setting '{found[1]}', which '{text}' refers to, is not set.")
        return environ[found[1]]

    return re.sub(r"%([^%]+)%", value, text)


def connection_string(name: str, environ: Mapping[str, str]) -> str:
    """The storage connection string that a binding's `connection` names."""
    name = name or DEFAULT_CONNECTION
    value = environ.get(name) or environ.get(f"AzureWebJobs{name}")
    if value is None:
        if any(key.startswith(f"{name}__") for key in environ):
            raise HostError(f"This host takes '{name}' as a connection string only, not as an identity.")
        raise HostError(f"The app setting '{name}' is not set: a queue needs it as its connection string.")
    return EMULATOR if value.strip().rstrip(";").lower() == "usedevelopmentstorage=true" else value


def body_limit(environ: Mapping[str, str]) -> int:
    """The largest request body in bytes."""
    return int(environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or DEFAULT_BODY_LIMIT)


def is_disabled(function: str, environ: Mapping[str, str]) -> bool:
    """Whether `AzureWebJobs.<function>.Disabled` switches a function off."""
    names = (f"AzureWebJobs.{function}.Disabled", f"AzureWebJobs_{function}_Disabled")
    return any(environ.get(name, "").strip().lower() in {"1", "true"} for name in names)


def seconds(text: str) -> float:
    """A .NET TimeSpan such as `00:00:00.500` or `1.00:00:00` in seconds."""
    found = TIME_SPAN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"'{text}' is not a time span such as 00:00:30")
    parts = {name: float(value) for name, value in found.groupdict(default="0").items()}
    return timedelta(**parts).total_seconds()


def _timeout(text: str) -> float | None:
    return None if text.strip() == "-1" else seconds(text)


def _queue_options(section: Mapping[str, Any]) -> QueueOptions:
    defaults = QueueOptions()
    batch_size = _whole(section, "batchSize", defaults.batch_size, 1, 32)
    encoding = str(section.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise ValueError(f"messageEncoding is '{encoding}': it must be base64 or none")
    polling = section.get("maxPollingInterval")
    visibility = section.get("visibilityTimeout")
    per_core = batch_size // 2 * (os.cpu_count() or 1)
    return QueueOptions(
        batch_size=batch_size,
        new_batch_threshold=_whole(section, "newBatchThreshold", per_core, 0, 1000),
        max_dequeue_count=_whole(section, "maxDequeueCount", defaults.max_dequeue_count, 1, 10_000),
        max_polling_interval=_interval(polling) if polling is not None else defaults.max_polling_interval,
        visibility_timeout=seconds(visibility) if visibility is not None else defaults.visibility_timeout,
        base64=encoding == "base64",
    )


def _interval(value: object) -> float:
    # A bare number is milliseconds, as the setting had it before it became a time span.
    return value / 1000 if isinstance(value, int) else seconds(str(value))


def _whole(section: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = section.get(name, default)
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}: it must be a whole number from {low} to {high}")
    return value


def _read_object(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise HostError(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(document, dict):
        raise HostError(f"{path} must hold a JSON object.")
    return document


def _section(document: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    section = document.get(name) or {}
    if not isinstance(section, dict):
        raise HostError(f"{path}: '{name}' must be a JSON object.")
    return section
