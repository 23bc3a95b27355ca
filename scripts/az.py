"""The Azure command line, asked for JSON."""

import json
import shutil
import subprocess
from typing import Any


class AzError(Exception):
    """`az` is missing or said no; the message is for people."""


def az(*words: str) -> Any:
    """What `az` answers; {} if it answers nothing. Raises AzError with what it said."""
    command = shutil.which("az")
    if not command:
        raise AzError("The Azure command line `az` is not on PATH. Install it, and sign in by `az login`.")
    done = subprocess.run(
        [command, *words, "--only-show-errors", "--output", "json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise AzError(f"`az {' '.join(words[:3])}` failed: {said[-1] if said else f'exit code {done.returncode}'}")
    return json.loads(done.stdout) if done.stdout.strip() else {}


def rest(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """A call to Azure Resource Manager; `{subscriptionId}` in the path is filled in by `az`."""
    words = ["rest", "--method", method, "--url", path]
    if body is not None:
        words += ["--headers", "Content-Type=application/json", "--body", json.dumps(body)]
    return az(*words)
