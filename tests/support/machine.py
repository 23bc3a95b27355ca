"""How busy the machine is: limits on time are meant for one that has nothing else to do."""

import os


def slower() -> float:
    """How many times longer things may take now: the tasks that want to run, for each core, and never less than 1."""
    if not hasattr(os, "getloadavg"):
        return 1.0
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
