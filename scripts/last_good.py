"""`python -m scripts.last_good ENVIRONMENT FOLDER`: fetches what ran last in an environment and was seen to be good.

Each release that passed leaves an artifact with its package. Whoever may run a workflow can leave an artifact of any
name, so only those of this repository's own main branch count. Reads GITHUB_REPOSITORY; `gh` uses GH_TOKEN.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def artifact_name(environment: str) -> str:
    """As release.yml uploads it."""
    return f"last-good-{environment}"


def newest(artifacts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The newest that can be trusted and is still there."""
    good = [one for one in artifacts if not one["expired"] and _from_main(one["workflow_run"] or {})]
    return max(good, key=lambda one: str(one["created_at"]), default=None)


def _from_main(run: dict[str, Any]) -> bool:
    return run.get("head_branch") == "main" and run.get("head_repository_id") == run.get("repository_id")


def main(words: list[str]) -> int:
    """Fetch it into the folder, which stays empty if there is none yet."""
    environment, folder = words[0], Path(words[1])
    repository, name = os.environ["GITHUB_REPOSITORY"], artifact_name(environment)
    folder.mkdir(parents=True, exist_ok=True)
    query = f"repos/{repository}/actions/artifacts?name={name}&per_page=100"
    told = subprocess.run(["gh", "api", query], capture_output=True, text=True, check=True)
    found = newest(json.loads(told.stdout)["artifacts"])
    if found is None:
        print(f"{environment}: nothing was released yet, or it was too long ago: there is nothing to go back to")
        return 0
    run = str(found["workflow_run"]["id"])
    subprocess.run(
        ["gh", "run", "download", run, "--repo", repository, "--name", name, "--dir", str(folder)], check=True
    )
    print(f"{environment}: {found['workflow_run'].get('head_sha', run)} of {found['created_at']} is at hand")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
