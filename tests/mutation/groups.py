"""Which rules are mutated, and which tests must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Group:
    """Files that are judged together, and the tests that are run for each of their mutants."""

    name: str
    title: str
    files: tuple[str, ...]
    tests: tuple[str, ...]
    minutes: int
    """So long it may take; what is not tested by then counts as not caught."""


def _files(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


GROUPS = (
    Group(
        "presence",
        "The fold: from signals to steps to writebacks",
        _files("shared/presence", "fold", "call", "plan", "baton"),
        ("tests/unit/presence",),
        minutes=20,
    ),
    Group(
        "outbox",
        "The outbox: in order, retried, put off, called back",
        _files("shared/visits", "outbox", "circuit", "breaker", "recall", "tries"),
        _files(
            "tests/unit/visits",
            "test_visits_outbox",
            "test_visits_outbox_put_off",
            "test_visits_breaker",
            "test_visits_recall",
        ),
        minutes=30,
    ),
    Group(
        "reconcile",
        "What reports add, and when they are asked for",
        _files("shared/visits", "report", "schedule"),
        _files("tests/unit/visits", "test_visits_report", "test_visits_reconcile"),
        minutes=30,
    ),
    Group(
        "tokens",
        "Tokens and notifications: what is believed",
        ("shared/jose.py", "shared/microsoft/notifications.py"),
        ("tests/unit/shared/test_shared_jose.py", "tests/unit/microsoft/test_microsoft_notifications.py"),
        minutes=20,
    ),
)
