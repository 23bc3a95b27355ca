"""`dev.py up` and `dev.py demo`: set-up, start, addresses, the pretend hospital's own set-up, and the end."""

import contextlib
import json
import time
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.dev import environment, interpreters
from sandbox.dev.addresses import Addresses, running, write_json
from sandbox.dev.child import run_tool
from sandbox.dev.parts import Layout, all_parts
from sandbox.dev.ports import PortProblemError, Ports, free_ports, require_free
from sandbox.dev.screen import say, show_end, table
from sandbox.dev.stopping import Stop, StopRequestedError
from sandbox.dev.supervisor import Supervisor

_PATIENCE = 60.0
_DEFAULTS = Ports()


@dataclass(frozen=True)
class Tools:
    """What everything is run with."""

    interpreter: interpreters.Interpreter
    python: Path
    node: str


class SandboxSetupError(Exception):
    """The pretend hospital could not be set up; what went wrong has been shown."""


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    root: Path
    ports: Ports = _DEFAULTS
    only_functions: bool = False
    ready_file: Path | None = None
    python: str | None = None
    empty: bool = False
    timers: bool = True
    log_folder: Path | None = None
    open_browser: bool = False

    @property
    def logs(self) -> Path:
        """Where the logs go."""
        return (self.log_folder or self.root / ".local" / "logs").absolute()

    @property
    def addresses_file(self) -> Path:
        """What the hospital's set-up and the demo read."""
        return self.logs / "addresses.json"

    @property
    def own_ready_file(self) -> Path:
        """Where `demo` looks for a sandbox that runs already."""
        return self.root / ".local" / "ready.json"

    @property
    def addresses(self) -> Addresses:
        """Where everything will be."""
        return Addresses(self.ports, self.only_functions)


def up(options: Options, stop: Stop) -> int:
    """Start, and stay until asked to end."""
    try:
        require_free(options.ports.chosen(options.only_functions))
    except PortProblemError:
        if running(options.own_ready_file, None):
            say(f"A sandbox started from this folder runs already (see {options.own_ready_file}).")
        raise
    tools = prepare(options, stop)
    with _running_parts(options, tools, stop) as supervisor, _ready_files(options, supervisor):
        say("Ctrl-C ends all of it.")
        if options.open_browser and not options.only_functions:
            pages = options.addresses.pages()
            for key in ("schedule", "patientPortal"):
                webbrowser.open(pages[key][1])
        # Being asked to end is how this command ends: no failure.
        with contextlib.suppress(StopRequestedError):
            supervisor.stay()
    return 0


def demo(options: Options, stop: Stop) -> int:
    """Drive a whole visit through a running sandbox, or through one of its own; the visit's exit code."""
    tools = prepare(options, stop)
    if running(options.own_ready_file, None if options.ports == _DEFAULTS else options.ports):
        say(f"Using the sandbox that is running (found by {options.own_ready_file}).")
        return _demo_run(options, options.own_ready_file, tools, stop)
    if options.ports == _DEFAULTS:
        options = replace(options, ports=Ports(*free_ports(len(Ports().named()))))
    options = replace(options, empty=True, log_folder=options.log_folder or options.root / ".local" / "demo")
    require_free(options.ports.chosen(only_functions=False))
    with _running_parts(options, tools, stop):
        return _demo_run(options, options.addresses_file, tools, stop)


def prepare(options: Options, stop: Stop) -> Tools:
    """Make sure of the virtual environment, node_modules and Node.js."""
    node = interpreters.require_node()
    own = interpreters.own_interpreter()
    interpreter = interpreters.choose(options.python, own, interpreters.candidates())
    wanted = environment.NODE_PROJECTS[:2] if options.only_functions else environment.NODE_PROJECTS
    environment.install_all(options.root, [interpreter], options.logs, stop, wanted)
    return Tools(interpreter, environment.venv_python(options.root, interpreter), node)


@contextlib.contextmanager
def _running_parts(options: Options, tools: Tools, stop: Stop) -> Iterator[Supervisor]:
    began = time.monotonic()
    layout = Layout(
        root=options.root,
        python=tools.python,
        node=tools.node,
        ports=options.ports,
        logs=options.logs,
        env=environment.child_environment(),
        only_functions=options.only_functions,
        timers=options.timers,
    )
    say(f"Starting; the functions run on Python {tools.interpreter.minor} …")
    with Supervisor(all_parts(layout), stop) as supervisor:
        supervisor.start()
        supervisor.wait_until_ready(options.addresses.silent, _PATIENCE)
        content = options.addresses.as_json(options.logs, supervisor.processes())
        write_json(options.addresses_file, content)
        if not options.empty and not options.only_functions:
            _set_up_hospital(options, tools, stop)
        supervisor.look()
        say(f"\nEverything answers, {time.monotonic() - began:.1f} s after its start.\n")
        say(table(options.addresses.table_rows(options.logs)) + "\n")
        yield supervisor
        say("Stopping …")


@contextlib.contextmanager
def _ready_files(options: Options, supervisor: Supervisor) -> Iterator[None]:
    content = options.addresses.as_json(options.logs, supervisor.processes())
    files = [options.ready_file.absolute()] if options.ready_file else []
    if not options.only_functions:
        files.append(options.own_ready_file)
    for file in files:
        write_json(file, content)
    try:
        yield
    finally:
        for file in files:
            # A sandbox started later may have put its own in the same place.
            with contextlib.suppress(OSError, ValueError):
                if json.loads(file.read_text("utf-8")) == content:
                    file.unlink()


def _has_demo(options: Options) -> bool:
    folder = options.root / "sandbox"
    return (folder / "demo.py").exists() or (folder / "demo" / "__main__.py").exists()


def _set_up_hospital(options: Options, tools: Tools, stop: Stop) -> None:
    if not _has_demo(options):
        say("The pretend hospital is left as it is: this tree has no sandbox/demo that could set it up.")
        return
    say("Setting up the pretend hospital through the connector's own API …")
    log = options.logs / "setup.log"
    command = [str(tools.python), "-m", "sandbox.demo", "setup"]
    command += ["--addresses", str(options.addresses_file)]
    env = environment.child_environment()
    code = run_tool("setup", command, cwd=options.root, env=env, log=log, stop=stop)
    if code:
        say(f"\nSetting up the pretend hospital failed (exit code {code}). `--empty` starts without it.")
        show_end(log)
        raise SandboxSetupError


def _demo_run(options: Options, addresses: Path, tools: Tools, stop: Stop) -> int:
    if not _has_demo(options):
        say("This tree has no sandbox/demo to run.")
        return 2
    command = [str(tools.python), "-m", "sandbox.demo", "run", "--addresses", str(addresses)]
    env = environment.child_environment()
    log = options.logs / "demo.log"
    return run_tool("demo", command, cwd=options.root, env=env, log=log, stop=stop, echo=say)
