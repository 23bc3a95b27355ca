"""docs/security.md: whatever it names as evidence is there, and no row of the lists that it answers is left out."""

import re
from functools import cache
from pathlib import Path

from shared.settings import Settings

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "security.md"
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_EVIDENCE = re.compile(r"`([\w./-]+\.(?:py|bicep|yml|json|md|in))(?:::(\w+))?`")
_SETTING = re.compile(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\b")
_ALERT_WORD = re.compile(r"`([a-z]+(?:-[a-z]+)+)`")
# 45 CFR 164.312: its standards and their specifications.
SAFEGUARDS = [
    *(f"(a){one}" for one in ("(1)", "(2)(i)", "(2)(ii)", "(2)(iii)", "(2)(iv)")),
    *("(b)", "(c)(1)", "(c)(2)", "(d)"),
    *(f"(e){one}" for one in ("(1)", "(2)(i)", "(2)(ii)")),
]
# Words with dashes that are no alert.
OTHER = {"data-key"}


@cache
def _text() -> str:
    return _BLOCK.sub("", DOCUMENT.read_text(encoding="utf-8"))


def _section(title: str) -> list[list[str]]:
    """The cells of each row of the tables under a heading."""
    section = _text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _files(name: str) -> list[Path]:
    """The files that a name can mean: from the root, or the end of a path below tests."""
    if (ROOT / name).is_file():
        return [ROOT / name]
    return [file for file in (ROOT / "tests").rglob(Path(name).name) if file.as_posix().endswith(f"/{name}")]


def test_every_file_and_test_is_there_and_meant_clearly() -> None:
    named = set(_EVIDENCE.findall(_text()))
    assert len(named) > 100
    unclear = [name for name, _ in named if len(_files(name)) != 1 and name not in ("deploy.yml", "requirements.in")]
    assert unclear == []
    tests = [(name, test) for name, test in named if test]
    assert len(tests) > 80
    missing = [
        f"{name}::{test}"
        for name, test in tests
        if not re.search(rf"^def {test}\(", _files(name)[0].read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_setting_is_one() -> None:
    known = {str(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    known |= set(re.findall(r"\$\{(\w+)", (ROOT / "infra" / "main.parameters.json").read_text(encoding="utf-8")))
    known |= set(
        re.findall(r"^output (\w+) ", (ROOT / "infra" / "main.bicep").read_text(encoding="utf-8"), re.MULTILINE)
    )
    named = set(_SETTING.findall(DOCUMENT.read_text(encoding="utf-8")))
    assert {"VISIT_HOURS", "DEPARTED_TENANTS", "GRAPH_PUBLISHER_APP_ID"} <= named
    assert named <= known


def test_every_alert_is_one() -> None:
    template = (ROOT / "infra" / "stamp" / "alerts.bicep").read_text(encoding="utf-8")
    named = set(_ALERT_WORD.findall(_text())) - OTHER
    assert len(named) > 4
    assert [word for word in sorted(named) if not re.search(rf"'{word}(?:'|-\$)", template)] == []


def test_every_safeguard_has_a_row_with_evidence_or_says_what_is_missing() -> None:
    rows = [row for row in _section("HIPAA 164.312") if row[0].startswith("(")]
    assert [row[0].partition(" ")[0] for row in rows] == SAFEGUARDS
    for name, verdict, evidence, missing in rows:
        assert verdict in ("yes", "partly", "no"), name
        assert evidence or verdict == "no", name
        assert missing or verdict == "yes", name


def test_every_requirement_of_asvs_has_a_row_with_a_test_or_says_that_it_has_none() -> None:
    rows = [row for row in _section("ASVS 5.0") if row[0].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(1, 45))
    bare = [row for row in rows if not _EVIDENCE.search(row[3]) and row[3] != "not done"]
    assert [row[0] for row in bare] == ["16", "20"]


def test_every_kind_of_threat_is_there_with_a_defence_and_its_test() -> None:
    rows = [row for row in _section("Threats") if len(row[0]) == 1]
    assert "".join(dict.fromkeys(row[0] for row in rows)) == "STRIDE"
    boundaries = set(re.findall(r"^\| (B\d):", _text(), re.MULTILINE))
    assert {row[1] for row in rows} == boundaries
    for _, _, threat, defence, shown in rows:
        assert _EVIDENCE.search(shown) or "**not defended by the connector**" in defence, threat
