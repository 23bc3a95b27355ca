"""Runs a command and, when stdin ends, ends it and all that it started: for tools that do not do so."""

import os
import signal
import subprocess
import sys
import threading
import time

_PATIENCE = 2.0


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt the whole group, which is ours too, and after a moment end it by force."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        return
    os.killpg(0, signal.SIGINT)
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    # What the command started may outlive it; the signal ends this process as well.
    os.killpg(0, signal.SIGKILL)


def main(command: list[str]) -> int:
    """Wait for the command; a thread waits for the end of stdin."""
    ending = threading.Event()
    if sys.platform != "win32" and os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    # Handlers, not SIG_IGN: the command would inherit that. It has started already, but so may a grandchild.
    signal.signal(signal.SIGINT, lambda *_: None)

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        ending.set()
        end_group(process)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = process.wait()
    if ending.is_set():
        watcher.join()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    # Not sys.exit: the watching thread holds stdin's lock, and a tidy end would wait for it.
    os._exit(main(sys.argv[1:]))
