"""The host's log: plain text on stderr, and all that is printed in a file too if one is named."""

import logging
import sys
from pathlib import Path
from typing import TextIO

# host.json's level names; the real host has one more at each end.
LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 10,
}
NAMES = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warn",
    logging.ERROR: "error",
    logging.CRITICAL: "crit",
}


class Tee:
    """A stream that also writes to a file."""

    def __init__(self, stream: TextIO, file: TextIO) -> None:
        self._stream = stream
        self._file = file

    def write(self, text: str) -> int:
        """Write to both."""
        self._file.write(text)
        return self._stream.write(text)

    def flush(self) -> None:
        """Flush both."""
        self._file.flush()
        self._stream.flush()

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


class OwnLines(logging.Filter):
    """Lets the host's own records pass at info, and the app's from the level that host.json names."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        return record.name.partition(".")[0] == "host" or record.levelno >= self._level


def configure(log_file: Path | None) -> None:
    """Send every log record to stderr, and stdout and stderr to the file as well."""
    if log_file is not None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        file = log_file.open("a", encoding="utf-8", buffering=1)
        sys.stdout = Tee(sys.stdout, file)
        sys.stderr = Tee(sys.stderr, file)
    for level, name in NAMES.items():
        logging.addLevelName(level, name)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s.%(msecs)03d %(levelname)-5s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # The worker library's own chatter; the host writes its own line per invocation.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)


def follow(level: str, *, debug: bool) -> None:
    """Apply host.json's log level to the app's records."""
    threshold = LEVELS.get(level.lower(), logging.INFO)
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for handler in root.handlers:
        handler.addFilter(OwnLines(threshold))
