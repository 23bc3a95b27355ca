"""`dev.py mutate`: installs mutmut beside the connector's packages, then runs `tests/mutation`."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.dev import environment, interpreters
from sandbox.dev.child import run_tool
from sandbox.dev.screen import say
from sandbox.dev.stopping import Stop

_REQUIREMENTS = "tests/mutation/requirements.txt"
_NAME = "mutation"


@dataclass(frozen=True)
class MutateOptions:
    """What the command line said."""

    root: Path
    python: str | None = None
    write: bool = False
    groups: tuple[str, ...] = ()

    @property
    def logs(self) -> Path:
        """Where the logs of the set-up go."""
        return self.root / "test-output" / "mutation"


def run_mutate(options: MutateOptions, stop: Stop) -> int:
    """Set up, mutate; 0 if every group reached its score."""
    interpreter = interpreters.choose(options.python, interpreters.own_interpreter(), interpreters.candidates())
    requirements = (options.root / _REQUIREMENTS,)

    def jobs() -> list[environment.Job | None]:
        return [environment.venv_job(options.root, interpreter, options.logs, stop, requirements, _NAME)]

    environment.install(options.root, jobs, stop)
    command = [str(environment.venv_python(options.root, interpreter, _NAME)), "-m", "tests.mutation"]
    command += ["--write"] if options.write else []
    env = environment.child_environment()
    log = options.logs / "run.log"
    return run_tool("mutate", [*command, *options.groups], cwd=options.root, env=env, log=log, stop=stop, echo=say)
