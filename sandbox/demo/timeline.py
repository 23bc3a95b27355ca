"""What the demo prints: one line a step, what was seen, and whether it was right."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Timeline:
    """Prints as it goes and remembers what was wrong."""

    started: float = field(default_factory=time.monotonic)
    wrong: list[str] = field(default_factory=list)
    steps: int = 0

    @contextmanager
    def step(self, who: str, what: str) -> Iterator[None]:
        """One step; its lines come under it."""
        self.steps += 1
        print(f"{time.monotonic() - self.started:6.1f} s  {who:<18}{what}", flush=True)
        yield

    def saw(self, what: str) -> None:
        """Something that was seen."""
        print(f"{'':28}· {what}", flush=True)

    def check(self, what: str, found: object, wanted: object) -> None:
        """Something that must be as wanted."""
        if found == wanted:
            self.saw(f"{what}: {found}")
            return
        self.wrong.append(what)
        print(f"{'':28}✗ {what}: {found!r}, wanted {wanted!r}", flush=True)

    def end(self) -> int:
        """The closing line, and the exit code."""
        seconds = time.monotonic() - self.started
        if self.wrong:
            print(f"\n{len(self.wrong)} of the checks failed: {'; '.join(self.wrong)}", flush=True)
            return 1
        print(f"\nAll as it should be: {self.steps} steps in {seconds:.1f} s.", flush=True)
        return 0
