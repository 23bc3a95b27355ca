"""The processes of the sandbox: how each is started, and by what it shows that it is ready."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.dev import settings
from sandbox.dev.addresses import Addresses
from sandbox.dev.child import Child
from sandbox.dev.ports import Ports


@dataclass
class Part:
    """One process; it is ready when as many of its lines as `lines` contain `sign`."""

    child: Child
    sign: str
    lines: int = 1
    # The part that must be ready before this one is started.
    after: str = ""
    ready: bool = False

    def see(self, line: str) -> None:
        """Count a line of its output."""
        if self.sign in line:
            self.lines -= 1
            self.ready = self.lines <= 0


@dataclass(frozen=True)
class Layout:
    """What is needed to start the parts."""

    root: Path
    python: Path
    node: str
    ports: Ports
    logs: Path
    env: Mapping[str, str]
    only_functions: bool = False
    timers: bool = True


def all_parts(layout: Layout) -> list[Part]:
    """All of them; the slowest first."""
    parts = [azurite(layout), functions(layout)]
    if not layout.only_functions:
        parts += [stand_in(layout, "hospital"), stand_in(layout, "microsoft"), portal(layout)]
    return parts


def azurite(layout: Layout) -> Part:
    """Storage. The whole sandbox forgets at its end, as its hospital does; the functions alone remember."""
    ports = layout.ports
    command = [layout.node, "sandbox/azurite.mjs", "--exit-with-parent", "--silent"]
    for kind in ("blob", "queue", "table"):
        command += [f"--{kind}Host", "127.0.0.1", f"--{kind}Port", str(ports.named()[kind])]
    if layout.only_functions:
        command += ["--location", str(layout.root / ".local" / "azurite")]
    else:
        command += ["--inMemoryPersistence"]
    return Part(_child(layout, "azurite", command), "successfully listening at", lines=3)


def functions(layout: Layout) -> Part:
    """The connector itself, in the local host."""
    choose = settings.only_functions if layout.only_functions else settings.whole_sandbox
    file, extra = choose(layout.root, layout.ports)
    command = [str(layout.python), "-m", "sandbox.host", "--port", str(layout.ports.functions)]
    command += ["--settings", str(file), "--exit-with-parent"]
    if not layout.only_functions:
        command += ["--cors", Addresses(layout.ports).portal]
    if not layout.timers:
        command.append("--no-timers")
    child = _child(layout, "functions", command, extra)
    # A timer that is due in their first second would find no storage, and say so on the screen.
    return Part(child, "functions ready at", after="azurite")


def stand_in(layout: Layout, name: str) -> Part:
    """The pretend hospital or the pretend Microsoft."""
    addresses = Addresses(layout.ports)
    command = [layout.node, "--import", "tsx", f"{name}/main.ts"]
    command += ["--port", str(layout.ports.named()[name]), "--exit-with-parent"]
    extra = {
        "CONNECTOR_URL": addresses.connector,
        "HOSPITAL_URL": addresses.hospital,
        "MICROSOFT_URL": addresses.microsoft,
        "PORTAL_URL": addresses.portal,
    }
    return Part(_child(layout, name, command, extra, "sandbox"), f"{name} ready at")


def portal(layout: Layout) -> Part:
    """The portal's static files, with the headers that they have when deployed."""
    addresses = Addresses(layout.ports)
    command = [layout.node, "--import", "tsx", "portal/main.ts", "--port", str(layout.ports.portal)]
    command += ["--root", str(layout.root / "portal" / "admin" / "dist"), "--exit-with-parent"]
    command += ["--connector", addresses.connector, "--microsoft", addresses.microsoft]
    return Part(_child(layout, "portal", command, folder="sandbox"), "portal ready at")


def _child(
    layout: Layout, name: str, command: list[str], extra: Mapping[str, str] | None = None, folder: str = "."
) -> Child:
    env = {**layout.env, **(extra or {})}
    return Child(name, command, cwd=layout.root / folder, env=env, log=layout.logs / f"{name}.log")
