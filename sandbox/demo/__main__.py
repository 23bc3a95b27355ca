"""`python -m sandbox.demo setup|run --addresses FILE`: called by `dev.py`."""

import argparse
import sys
from pathlib import Path

import httpx

from sandbox.demo.onboarding import PREFIXES, Onboarding
from sandbox.demo.timeline import Timeline
from sandbox.demo.visit import VisitDemo
from sandbox.demo.world import UnexpectedAnswerError, World


def main() -> int:
    """Do what the command line says; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("what", choices=("setup", "run"))
    parser.add_argument("--addresses", type=Path, required=True, help="JSON with the origins of the running parts")
    arguments = parser.parse_args()
    world = World.of(arguments.addresses)
    try:
        if arguments.what == "run":
            return VisitDemo(world, Timeline()).run()
        for environment in PREFIXES:
            connection = Onboarding(world, environment).all_at_once()
            print(f"The pretend hospital's {environment} environment is connected: {connection['fhirBaseUrl']}")
    except (UnexpectedAnswerError, httpx.HTTPError) as failed:
        print(f"✗ {failed}", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
