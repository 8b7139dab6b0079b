"""Stop the private PostgreSQL; with --remove delete all its databases."""

from __future__ import annotations

import argparse

from .. import postgres
from ..say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``stop``."""
    parser.add_argument("--remove", action="store_true", help="delete the cluster and its data")


def run(args: argparse.Namespace) -> int:
    """Stop the server that the harness started, and no other."""
    if postgres.stop(remove=args.remove):
        say("The private PostgreSQL is stopped.")
    else:
        say("No private PostgreSQL is running.")
    return 0
