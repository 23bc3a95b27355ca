"""Files and tests that a document names as evidence: whether they are there, and clearly meant."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
EVIDENCE = re.compile(r"`([\w./-]+\.(?:py|bicep|yml|json|md|in))(?:::(\w+))?`")


def files(name: str) -> list[Path]:
    """The files that a name can mean: from the root, or the end of a path below tests."""
    if (ROOT / name).is_file():
        return [ROOT / name]
    return [file for file in (ROOT / "tests").rglob(Path(name).name) if file.as_posix().endswith(f"/{name}")]


def named(text: str) -> set[tuple[str, str]]:
    """Each file that a text names, and the test in it, or an empty word."""
    return set(EVIDENCE.findall(text))


def unclear(names: set[tuple[str, str]]) -> list[str]:
    """Names that mean no file, or several."""
    return [name for name, _ in names if len(files(name)) != 1]


def missing(names: set[tuple[str, str]]) -> list[str]:
    """Tests that are not in the file that is named."""
    return [
        f"{name}::{test}"
        for name, test in names
        if test and not re.search(rf"^def {test}\(", files(name)[0].read_text(encoding="utf-8"), re.MULTILINE)
    ]
