"""Two ways to run the same app: Microsoft's own worker library, or the SDK alone."""

import importlib.util
import sys
from pathlib import Path

from sandbox.host.model import Adapter, HostError

SCRIPT = "function_app.py"
BACKENDS = ("auto", "runtime", "sdk")


def choose(backend: str) -> Adapter:
    """The adapter for a backend; `auto` takes the worker library where it is installed."""
    installed = importlib.util.find_spec("azure_functions_runtime") is not None
    if backend == "runtime" and not installed:
        version = ".".join(str(part) for part in sys.version_info[:2])
        raise HostError(
            "The backend 'runtime' needs the package azure-functions-runtime, which is not installed for "
            f"Python {version}. Install requirements.txt with Python 3.13 or later, or use --backend sdk."
        )
    if backend == "runtime" or (backend == "auto" and installed):
        from sandbox.host.adapters.runtime import RuntimeAdapter  # noqa: PLC0415 - may be absent

        return RuntimeAdapter()
    from sandbox.host.adapters.sdk import SdkAdapter  # noqa: PLC0415 - only the chosen one is loaded

    return SdkAdapter()


def open_app(app_root: Path) -> Path:
    """Put the app's folder first on the import path, and give its script."""
    script = app_root / SCRIPT
    if not script.is_file():
        raise HostError(f"There is no {SCRIPT} in {app_root}. Start in the app's folder or name it with --app-root.")
    folder = str(app_root)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    return script
