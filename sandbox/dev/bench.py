"""`dev.py bench`: installs what only it needs (wrk, peers to measure against), then runs `tests/bench`."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sandbox.dev import browser, environment, interpreters
from sandbox.dev.child import run_tool
from sandbox.dev.environment import NODE_PROJECTS, NodeProject, SetupError
from sandbox.dev.screen import say
from sandbox.dev.stopping import Stop

_PEERS = "tests/bench/peers"
_NODE_PEERS = NodeProject(_PEERS, "Node packages to measure against")
_ADVICE = (
    "No wrk was found and none could be installed. It makes the load: install the package `wrk`\n"
    "(Debian, Ubuntu, Fedora, Homebrew have it) and run this again."
)


@dataclass(frozen=True)
class BenchOptions:
    """What the command line said."""

    root: Path
    python: str | None = None
    quick: bool = False
    write: bool = False
    sections: tuple[str, ...] = ()

    @property
    def logs(self) -> Path:
        """Where the logs of the set-up go."""
        return self.root / "test-output" / "bench"


def run_bench(options: BenchOptions, stop: Stop) -> int:
    """Set up, measure; 0 if every target was met."""
    node = interpreters.require_node()
    interpreter = interpreters.choose(options.python, interpreters.own_interpreter(), interpreters.candidates())
    environment.install_all(options.root, [interpreter], options.logs, stop, NODE_PROJECTS[:1])
    _install_peers(options, interpreter, stop)
    _require_wrk(options, stop)
    python = environment.venv_python(options.root, interpreter)
    command = [str(python), "-m", "tests.bench", "--node", node]
    command += ["--peer-python", str(environment.venv_python(options.root, interpreter, "bench"))]
    command += [word for word, wanted in (("--quick", options.quick), ("--write", options.write)) if wanted]
    env = environment.child_environment()
    log = options.logs / "run.log"
    return run_tool("bench", [*command, *options.sections], cwd=options.root, env=env, log=log, stop=stop, echo=say)


def _install_peers(options: BenchOptions, interpreter: interpreters.Interpreter, stop: Stop) -> None:
    root, logs = options.root, options.logs
    requirements = root / _PEERS / "requirements.txt"

    def jobs() -> list[environment.Job | None]:
        return [
            environment.npm_job(root, _NODE_PEERS, logs, stop),
            environment.venv_job(root, interpreter, logs, stop, (requirements,), "bench"),
        ]

    environment.install(root, jobs, stop)


def _require_wrk(options: BenchOptions, stop: Stop) -> None:
    if shutil.which("wrk"):
        return
    if browser.is_root_on_debian():
        env = environment.child_environment() | {"DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "wrk"]):
            log = options.logs / "install-wrk.log"
            run_tool("apt-get", ["apt-get", *words], cwd=options.root, env=env, log=log, stop=stop)
    if not shutil.which("wrk", path=os.environ.get("PATH")):
        raise SetupError(_ADVICE)
