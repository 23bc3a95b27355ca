"""The addresses of a running sandbox: a table for people, JSON for programs, and whether they answer."""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.dev.ports import Ports, answers
from sandbox.dev.settings import storage_connection

# A proxy named in the environment is not for this machine's own addresses.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Addresses:
    """Where everything is, given the ports."""

    ports: Ports
    only_functions: bool = False

    @property
    def connector(self) -> str:
        """Origin of the functions."""
        return f"http://localhost:{self.ports.functions}"

    @property
    def hospital(self) -> str:
        """Origin of the pretend hospital."""
        return f"http://localhost:{self.ports.hospital}"

    @property
    def microsoft(self) -> str:
        """Origin of the pretend Microsoft."""
        return f"http://localhost:{self.ports.microsoft}"

    @property
    def portal(self) -> str:
        """Origin of the administrator's portal."""
        return f"http://localhost:{self.ports.portal}"

    def pages(self) -> dict[str, tuple[str, str]]:
        """What a person opens: key, what it is, address."""
        api = {
            "health": ("API: health", f"{self.connector}/api/health"),
            "outbox": ("API: outbox of writebacks (needs a token)", f"{self.connector}/api/writebacks"),
        }
        if self.only_functions:
            return api
        return {
            "portal": ("Portal: administrator and EHR analyst", f"{self.portal}/"),
            "schedule": ("Hospital: a clinician's schedule", f"{self.hospital}/test/schedule"),
            "patientPortal": ("Hospital: a patient's portal", f"{self.hospital}/test/portal"),
            "records": ("Hospital: integration records", f"{self.hospital}/test/records"),
            "hospital": ("Hospital: overview", f"{self.hospital}/"),
            "microsoft": ("Pretend Microsoft: control page", f"{self.microsoft}/"),
            **api,
        }

    def table_rows(self, logs: Path) -> list[tuple[str, str]]:
        """Rows for the screen."""
        return [*self.pages().values(), ("Logs", str(logs))]

    def as_json(self, logs: Path, processes: dict[str, int]) -> dict[str, Any]:
        """The content of the ready file."""
        origins = {"connector": self.connector}
        if not self.only_functions:
            origins |= {"hospital": self.hospital, "microsoft": self.microsoft, "portal": self.portal}
        return {
            **origins,
            "pages": {key: address for key, (_, address) in self.pages().items()},
            "storage": storage_connection(self.ports),
            "ports": self.ports.chosen(self.only_functions),
            "logs": str(logs),
            "pid": os.getpid(),
            "processes": processes,
        }

    def must_answer(self) -> dict[str, str]:
        """What is asked before everything counts as running: address by part."""
        urls = {"functions": f"{self.connector}/api/health"}
        if not self.only_functions:
            urls |= {"hospital": f"{self.hospital}/", "microsoft": f"{self.microsoft}/", "portal": f"{self.portal}/"}
        return urls

    def silent(self) -> list[str]:
        """Parts that do not answer, each with the address asked."""
        storage = (self.ports.blob, self.ports.queue, self.ports.table)
        quiet = [f"azurite (127.0.0.1:{port})" for port in storage if not answers(port)]
        return quiet + [f"{part} ({url})" for part, url in self.must_answer().items() if not responds(url)]


def responds(url: str, seconds: float = 5) -> bool:
    """Whether a GET gets any answer that is not the server's own failure."""
    try:
        with _OPENER.open(url, timeout=seconds) as answer:
            return bool(answer.status < 500)  # noqa: PLR2004
    except urllib.error.HTTPError as problem:
        problem.close()
        return problem.code < 500  # noqa: PLR2004
    except (OSError, ValueError):
        return False


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Whole or not at all: whoever waits for the file must not read half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    draft.replace(file)


def running(file: Path, wanted: Ports | None) -> bool:
    """Whether the sandbox that wrote this ready file still answers, at the ports wanted if any are."""
    try:
        content = json.loads(file.read_text("utf-8"))
        ports = Ports(**content["ports"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return wanted in (None, ports) and not Addresses(ports).silent()
