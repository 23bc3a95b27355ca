"""Stand-ins for command line tools: executables on PATH that answer from a list, and note what they were asked."""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_SCRIPT = """#!{python} -S
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = " ".join(sys.argv[1:])
with (here / "{name}.asked").open("a", encoding="utf-8") as asked:
    asked.write(words + "\\n")
answers = json.loads((here / "{name}.json").read_text("utf-8"))
found = max((key for key in answers if all(word in words for word in key.split(" … "))), key=len, default=None)
if found is None:
    sys.exit("{name}: the stand-in has no answer to: " + words)
answer = answers[found]
if isinstance(answer, dict) and "stand-in fails" in answer:
    sys.exit(answer["stand-in fails"])
print(json.dumps(answer))
"""


@dataclass
class Command:
    """One stand-in: `answers` maps words, with ` … ` for anything between, to what is printed as JSON."""

    folder: Path
    name: str
    answers: dict[str, Any] = field(default_factory=dict)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put it on PATH, before anything else of that name."""
        if sys.platform == "win32":
            pytest.skip("a stand-in on PATH is a script with a shebang")
        script = self.folder / self.name
        script.write_text(_SCRIPT.format(python=sys.executable, name=self.name), "utf-8")
        script.chmod(0o755)
        self.answer()
        monkeypatch.setenv("PATH", f"{self.folder}{os.pathsep}{os.environ['PATH']}")

    def answer(self, **changed: Any) -> None:
        """Write the answers down, some of them changed."""
        (self.folder / f"{self.name}.json").write_text(json.dumps({**self.answers, **changed}), "utf-8")

    def fail(self, key: str, message: str) -> None:
        """From now on these words end in an error."""
        self.answers[key] = {"stand-in fails": message}
        self.answer()

    @property
    def asked(self) -> list[str]:
        """Every call so far."""
        file = self.folder / f"{self.name}.asked"
        return file.read_text("utf-8").splitlines() if file.exists() else []
