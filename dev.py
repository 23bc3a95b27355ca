"""The one command: `up`, `demo`, `test`, `bench`, `mutate`, `lock`, `package`. Standard library only."""

import argparse
import sys
from pathlib import Path

# Before the other imports, which use what older versions do not have: a clear word instead of a syntax error.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("dev.py needs Python 3.11 or later; this is {}.{}.".format(*sys.version_info))

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from sandbox.dev.bench import BenchOptions, run_bench  # noqa: E402
from sandbox.dev.checks import CheckOptions, run_checks  # noqa: E402
from sandbox.dev.environment import SetupError  # noqa: E402
from sandbox.dev.interpreters import MissingToolError  # noqa: E402
from sandbox.dev.lock import LockOptions, write_locks  # noqa: E402
from sandbox.dev.mutate import MutateOptions, run_mutate  # noqa: E402
from sandbox.dev.package import PackageOptions, write_package  # noqa: E402
from sandbox.dev.ports import PortProblemError, Ports  # noqa: E402
from sandbox.dev.screen import say  # noqa: E402
from sandbox.dev.settings import SettingsProblemError  # noqa: E402
from sandbox.dev.stopping import Stop, StopRequestedError  # noqa: E402
from sandbox.dev.supervisor import NotReadyError, PartEndedError  # noqa: E402
from sandbox.dev.up import Options, SandboxSetupError, demo, up  # noqa: E402

# What a person can mend: the message is enough, a stack trace would hide it.
_SAID_BY_MESSAGE = (SetupError, MissingToolError, PortProblemError, SettingsProblemError)
_SAID_ALREADY = (NotReadyError, PartEndedError, SandboxSetupError)


def parser() -> argparse.ArgumentParser:
    """All that can be said on the command line."""
    main_parser = argparse.ArgumentParser(prog="dev.py", description=__doc__)
    commands = main_parser.add_subparsers(
        dest="command", required=True, metavar="{up,demo,test,bench,mutate,lock,package}"
    )

    starting = commands.add_parser("up", help="start the connector and its sandbox, and stay")
    _add_python(starting)
    _add_ports(starting)
    starting.add_argument("--only", choices=["functions"], help="Azurite and the functions alone")
    starting.add_argument("--ready-file", type=Path, metavar="PATH", help="addresses as JSON, once all answer")
    starting.add_argument("--empty", action="store_true", help="do not set up the pretend hospital")
    starting.add_argument("--no-timers", action="store_true", help="timer functions only run when asked to")
    starting.add_argument("--log-dir", type=Path, metavar="DIR", help="where logs go (default .local/logs)")
    starting.add_argument("--open", action="store_true", help="open schedule and patient portal in a browser")
    starting.add_argument("--exit-with-parent", action="store_true", help="end when standard input ends")

    showing = commands.add_parser("demo", help="drive a whole visit and print its timeline")
    _add_python(showing)
    _add_ports(showing)

    testing = commands.add_parser("test", help="everything CI checks; arguments after -- go to pytest")
    _add_python(testing)
    testing.add_argument("--fast", action="store_true", help="one Python, and no browser")
    testing.add_argument(
        "--long",
        action="store_true",
        help="every state of every page in every language, size and scheme, and the long proofs: about 40 minutes",
    )

    measuring = commands.add_parser("bench", help="measure speed and cost; names after -- choose sections")
    _add_python(measuring)
    measuring.add_argument("--quick", action="store_true", help="short runs: to see that it works")
    measuring.add_argument("--write", action="store_true", help="take the tables over into docs/performance.md")

    mutating = commands.add_parser(
        "mutate", help="how many small faults the tests notice; names after -- choose groups"
    )
    _add_python(mutating)
    mutating.add_argument("--write", action="store_true", help="take the table over into docs/reliability.md")

    locking = commands.add_parser("lock", help="lock the Python packages after an edit of a requirements*.in")
    locking.add_argument("--upgrade", action="store_true", help="take newer versions of what no list names")

    packing = commands.add_parser("package", help="write what Azure runs as one zip, .local/package/package.zip")
    packing.add_argument("--build", default="", metavar="NAME", help="what /api/version tells (default: the commit)")
    packing.add_argument("--output", type=Path, metavar="PATH", help="where to write it")
    return main_parser


def main(words: list[str]) -> int:
    """Run one command; its exit code."""
    # By hand: argparse's own treatment of "--" below a sub-command differs between Python versions.
    end = words.index("--") if "--" in words else len(words)
    chosen = parser().parse_args(words[:end])
    rest = tuple(words[end + 1 :])
    if rest and chosen.command not in ("test", "bench", "mutate"):
        parser().error("only `test`, `bench` and `mutate` take arguments after --")
    stop = Stop()
    stop.install()
    try:
        return _run(chosen, rest, stop)
    except StopRequestedError:
        return stop.exit_code()
    except _SAID_BY_MESSAGE as problem:
        say(f"\n{problem}")
        return 1
    except _SAID_ALREADY:
        return 1


def _run(chosen: argparse.Namespace, rest: tuple[str, ...], stop: Stop) -> int:
    if chosen.command == "up":
        return _up(chosen, stop)
    if chosen.command == "demo":
        return demo(Options(ROOT, ports=_ports(chosen), python=chosen.python), stop)
    if chosen.command == "lock":
        return write_locks(LockOptions(ROOT, chosen.upgrade), stop)
    if chosen.command == "package":
        return write_package(PackageOptions(ROOT, chosen.build, chosen.output), stop)
    return _check(chosen, rest, stop)


def _check(chosen: argparse.Namespace, rest: tuple[str, ...], stop: Stop) -> int:
    if chosen.command == "bench":
        return run_bench(BenchOptions(ROOT, chosen.python, chosen.quick, chosen.write, rest), stop)
    if chosen.command == "mutate":
        return run_mutate(MutateOptions(ROOT, chosen.python, chosen.write, rest), stop)
    return run_checks(CheckOptions(ROOT, chosen.python, chosen.fast, chosen.long, rest), stop)


def _up(chosen: argparse.Namespace, stop: Stop) -> int:
    if chosen.exit_with_parent:
        stop.watch_parent()
    options = Options(
        ROOT,
        ports=_ports(chosen),
        only_functions=chosen.only == "functions",
        ready_file=chosen.ready_file,
        python=chosen.python,
        empty=chosen.empty,
        timers=not chosen.no_timers,
        log_folder=chosen.log_dir,
        open_browser=chosen.open,
    )
    return up(options, stop)


def _ports(chosen: argparse.Namespace) -> Ports:
    return Ports(**{name: getattr(chosen, f"port_{name}") for name in Ports().named()})


def _add_python(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--python", metavar="PATH", help="the Python for the functions (default: a 3.13 if one is found)"
    )


def _add_ports(command: argparse.ArgumentParser) -> None:
    for name, port in Ports().named().items():
        command.add_argument(f"--port-{name}", type=int, default=port, metavar="N", help=f"default {port}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
