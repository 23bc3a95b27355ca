"""docs/security.md: whatever it names as evidence is there, and no row of the lists that it answers is left out."""

import re
from functools import cache

from shared.settings import Settings
from tests.unit.docs.evidence import EVIDENCE, ROOT, missing, named, unclear

DOCUMENT = ROOT / "docs" / "security.md"
_BLOCK = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
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


def test_every_file_and_test_is_there_and_meant_clearly() -> None:
    names = {one for one in named(_text()) if one[0] not in ("deploy.yml", "requirements.in")}
    assert len(names) > 100
    assert unclear(names) == []
    assert len([test for _, test in names if test]) > 80
    assert missing(names) == []


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
    for name, verdict, evidence, lacking in rows:
        assert verdict in ("yes", "partly", "no"), name
        assert evidence or verdict == "no", name
        assert lacking or verdict == "yes", name


def test_every_requirement_of_asvs_has_a_row_with_a_test_or_says_that_it_has_none() -> None:
    rows = [row for row in _section("ASVS 5.0") if row[0].isdigit()]
    assert [int(row[0]) for row in rows] == list(range(1, 45))
    bare = [row for row in rows if not EVIDENCE.search(row[3]) and row[3] != "not done"]
    assert [row[0] for row in bare] == ["16", "20"]


def test_every_kind_of_threat_is_there_with_a_defence_and_its_test() -> None:
    rows = [row for row in _section("Threats") if len(row[0]) == 1]
    assert "".join(dict.fromkeys(row[0] for row in rows)) == "STRIDE"
    boundaries = set(re.findall(r"^\| (B\d):", _text(), re.MULTILINE))
    assert {row[1] for row in rows} == boundaries
    for _, _, threat, defence, shown in rows:
        assert EVIDENCE.search(shown) or "**not defended by the connector**" in defence, threat
