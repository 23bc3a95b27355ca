"""Run by an interpreter that has nothing but a deployment package, and the local host to call it with.

Arguments: the unpacked package, a folder with the host, a file for the answer, and the paths to ask for.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

app, tools, answer_file, *paths = sys.argv[1:]
packages = f"{app}/.python_packages/lib/site-packages"
sys.path[:] = [app, packages, *sys.path, tools]

import os  # noqa: E402

import httpx  # noqa: E402

from sandbox.host.adapters.runtime import RuntimeAdapter  # noqa: E402
from sandbox.host.app import Host  # noqa: E402
from sandbox.host.settings import LocalSettings, read_host_json  # noqa: E402


async def main() -> dict[str, Any]:
    """Index, ask, and tell what was found."""
    root = Path(app)
    host = Host(RuntimeAdapter(), read_host_json(root), LocalSettings(), dict(os.environ), timers=False)
    transport = httpx.ASGITransport(await host.load(root))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answers = {path: await client.get(path) for path in paths}
    told = {
        "functions": sorted(function.name for function in host.functions),
        "answers": {path: {"status": one.status_code, "json": one.json()} for path, one in answers.items()},
        "modules": sorted(file for module in sys.modules.values() if (file := getattr(module, "__file__", None))),
    }
    await host.stop(1)
    return told


Path(answer_file).write_text(json.dumps(asyncio.run(main())), "utf-8")
