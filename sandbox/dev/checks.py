"""`dev.py test`: everything CI checks, as named steps with one summary at the end."""

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.dev import browser, environment, interpreters, package
from sandbox.dev.child import run_tool
from sandbox.dev.counts import read_counts, total
from sandbox.dev.interpreters import Interpreter
from sandbox.dev.screen import last_lines, say, show_end, table
from sandbox.dev.stopping import Stop

REAL_FAULTS = "tests/faults/real"
_NOTHING_COLLECTED = 5
_SPEAK_EVERY = 20.0


@dataclass(frozen=True)
class CheckOptions:
    """What the command line said."""

    root: Path
    python: str | None = None
    fast: bool = False
    long: bool = False
    pytest: tuple[str, ...] = ()

    @property
    def output(self) -> Path:
        """Where logs, JUnit files and screenshots go."""
        return self.root / "test-output"


@dataclass(frozen=True)
class Step:
    """One check."""

    name: str
    command: Sequence[str]
    folder: str = "."
    env: Mapping[str, str] = field(default_factory=dict)
    junit: Path | None = None
    # Why it would be pointless to run it, if it would.
    pointless: str = ""


@dataclass(frozen=True)
class Result:
    """How it went: `ok`, `failed` or why it was not run."""

    name: str
    seconds: float
    outcome: str


def run_checks(options: CheckOptions, stop: Stop) -> int:
    """Run all steps; 0 if every one is ok."""
    began = time.monotonic()
    node = interpreters.require_node()
    pythons = chosen_pythons(options)
    _clear(options.output)
    chromium = _prepare(options, pythons, stop)
    groups = all_steps(options, pythons, node, chromium)
    results: list[Result] = []
    for lanes in groups:
        with ThreadPoolExecutor(len(lanes)) as pool:
            futures = [pool.submit(_run_lane, lane, options, stop) for lane in lanes]
            for future in futures:
                results += future.result()
    stop.check()
    say("\n" + summary(results, time.monotonic() - began) + "\n")
    runs = [step.junit for lanes in groups for lane in lanes for step in lane if step.junit]
    say(total(read_counts(file) for file in runs).line())
    return 0 if all(result.outcome == "ok" for result in results) else 1


def chosen_pythons(options: CheckOptions) -> list[Interpreter]:
    """The preferred one, and the one that runs dev.py if that is of another version."""
    own = interpreters.own_interpreter()
    preferred = interpreters.choose(options.python, own, interpreters.candidates())
    if options.fast or own.minor == preferred.minor:
        return [preferred]
    return [preferred, own]


def all_steps(
    options: CheckOptions, pythons: Sequence[Interpreter], node: str, chromium: str | None
) -> list[list[list[Step]]]:
    """Groups run one after another; the lanes of a group side by side; the steps of a lane in order."""
    main = str(environment.venv_python(options.root, pythons[0]))
    bin_folder = environment.venv_python(options.root, pythons[0]).parent
    modules = options.root / "sandbox" / "node_modules"
    python_lane = [
        Step("format (ruff)", [main, "-m", "ruff", "format", "--check", "."]),
        Step("lint (ruff)", [main, "-m", "ruff", "check", "."]),
        Step("types (mypy)", [main, "-m", "mypy"]),
        Step("types of the entry points (mypy)", [main, "-m", "mypy", *_entry_points(options.root)]),
        Step(
            "import contracts (import-linter)",
            [shutil.which("lint-imports", path=bin_folder) or "lint-imports"],
        ),
    ]
    node_lane = [
        Step(
            "sandbox: format and lint (biome)",
            [node, str(modules / "@biomejs/biome/bin/biome"), "ci", "."],
            "sandbox",
        ),
        Step("sandbox: types (tsc)", [node, str(modules / "typescript/bin/tsc"), "--noEmit"], "sandbox"),
        *(_portal_steps(options)),
    ]
    groups = [[python_lane, node_lane]]
    groups += [[[_plain_tests(options, python, again=python is not pythons[0])]] for python in pythons]
    if not options.fast:
        groups.append([[_browser_tests(options, pythons[0], chromium), *_fault_tests(options, pythons[0])]])
    return groups


def _portal_steps(options: CheckOptions) -> list[Step]:
    """The pages' own checks and fast tests, as their package.json names them."""
    npm = interpreters.require_npm()
    return [
        Step(f"{folder}: {what}", [npm, "run", "--silent", script], folder)
        for folder in ("portal/visit", "portal/admin")
        if (options.root / folder / "package.json").exists()
        for what, script in (("format, lint, types", "check"), ("unit tests", "test"))
    ]


def summary(results: Sequence[Result], seconds: float) -> str:
    """One line for each step."""
    rows = [(result.name, f"{result.seconds:6.1f} s  {result.outcome}") for result in results]
    bad = sum(result.outcome != "ok" for result in results)
    verdict = "every step ok" if not bad else f"{bad} of {len(results)} steps not ok"
    return table([*rows, ("all together", f"{seconds:6.1f} s  {verdict}")])


def _plain_tests(options: CheckOptions, python: Interpreter, *, again: bool) -> Step:
    """Everything fast; with a second Python neither the stand-ins, which are not written in it, nor the proofs."""
    names = ["tests/unit", "tests/contract", *([] if again else ["tests/faults"])]
    folders = [name for name in names if (options.root / name).is_dir()]
    ignored = [f"tests/contract/{name}" for name in ("hospital", "microsoft")] if again else [REAL_FAULTS]
    left_out = [f"--ignore={name}" for name in ignored]
    return _pytest(
        options,
        python,
        f"tests-python-{python.minor}",
        f"unit and contract tests, Python {python.minor}",
        [*folders, *left_out, "-n", "2"],
    )


def _browser_tests(options: CheckOptions, python: Interpreter, chromium: str | None) -> Step:
    pointless = "" if chromium else "no browser"
    if not any((options.root / "tests" / "e2e").glob("test_*.py")):
        pointless = "no test in tests/e2e"
    # Most of their time is waiting: for retries, for what may come back, for pages.
    arguments = ["tests/e2e", "-n", "3"]
    return _pytest(options, python, "tests-end-to-end", "end-to-end tests", arguments, chromium, pointless)


def _fault_tests(options: CheckOptions, python: Interpreter) -> list[Step]:
    """Processes that are killed in the middle of visits: alone, for they measure patience."""
    if not (options.root / REAL_FAULTS).is_dir():
        return []
    return [_pytest(options, python, "tests-faults", "faults with real processes", [REAL_FAULTS, "-n", "0"])]


def _pytest(
    options: CheckOptions,
    python: Interpreter,
    file: str,
    name: str,
    arguments: Sequence[str],
    chromium: str | None = None,
    pointless: str = "",
) -> Step:
    junit = options.output / f"{file}.xml"
    command = [str(environment.venv_python(options.root, python)), "-m", "pytest", *arguments]
    command += [f"--junitxml={junit}", *options.pytest]
    env = {"TEST_OUTPUT": str(options.output)} | ({"CHROMIUM_PATH": chromium} if chromium else {})
    if options.long:
        env["TEST_LONG"] = "1"
    return Step(name, command, env=env, junit=junit, pointless=pointless)


def _entry_points(root: Path) -> list[str]:
    return [name for name in ("dev.py", "function_app.py") if (root / name).exists()]


def _prepare(options: CheckOptions, pythons: Sequence[Interpreter], stop: Stop) -> str | None:
    logs = options.output / "steps"
    environment.install_all(options.root, pythons, logs, stop, environment.NODE_PROJECTS)
    environment.install(options.root, lambda: [package.packages_job(options.root, pythons[0], logs, stop)], stop)
    if options.fast:
        return None
    python = environment.venv_python(options.root, pythons[0])
    path = browser.found() or browser.by_playwright(python)
    if not path:
        say("Installing a browser …")
        path = browser.install(options.root, python, logs / "browser.log", stop)
    say(f"Browser: {path}" if path else browser.ADVICE)
    return path


def _run_lane(steps: Sequence[Step], options: CheckOptions, stop: Stop) -> list[Result]:
    return [_run_step(step, options, stop) for step in steps]


def _run_step(step: Step, options: CheckOptions, stop: Stop) -> Result:
    if step.pointless:
        say(f"not run  {step.name}: {step.pointless}")
        return Result(step.name, 0.0, f"not run: {step.pointless}")
    began = time.monotonic()
    log = options.output / "steps" / f"{_file_name(step.name)}.log"
    env = environment.child_environment() | dict(step.env)
    over = threading.Event()
    threading.Thread(target=_speak, args=(step.name, log, over), daemon=True).start()
    try:
        code = run_tool(step.name, list(step.command), cwd=options.root / step.folder, env=env, log=log, stop=stop)
    finally:
        over.set()
    seconds = time.monotonic() - began
    if step.junit and options.pytest and code == _NOTHING_COLLECTED:
        code = 0
    outcome = "failed" if code else "ok"
    ending = (last_lines(log, 1) or [""])[0].strip("= ") if step.junit else ""
    say(f"{outcome:7}  {step.name} ({seconds:.1f} s)  {ending}".rstrip())
    if code:
        show_end(log, 300)
    return Result(step.name, seconds, outcome)


def _speak(name: str, log: Path, over: threading.Event) -> None:
    began = time.monotonic()
    while not over.wait(_SPEAK_EVERY):
        line = (last_lines(log, 1) or [""])[0].strip()
        say(f"  [{time.monotonic() - began:3.0f} s] {name}: {line[:100]}")


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "." else "-" for letter in name.lower())


def _clear(output: Path) -> None:
    """Only what a run makes: a stale screenshot or report would tell of a test that did not happen."""
    for folder in ("steps", "screenshots"):
        shutil.rmtree(output / folder, ignore_errors=True)
    for file in output.glob("*.xml"):
        file.unlink()
    output.mkdir(parents=True, exist_ok=True)
