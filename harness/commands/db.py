"""Create a database from a template in a second, or drop one."""

from __future__ import annotations

import argparse

from .. import database
from ..environment import prepare
from ..say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``db``."""
    parser.add_argument("name", help="the database")
    parser.add_argument("--base", action="store_true", help="only the addon's dependencies installed, not the addon")
    parser.add_argument("--demo", action="store_true", help="with demonstration data")
    parser.add_argument("--fresh", action="store_true", help="drop it first when it exists")
    parser.add_argument("--drop", action="store_true", help="only drop it")


def run(args: argparse.Namespace) -> int:
    """Create, renew or drop the database."""
    env = prepare(args.odoo)
    if args.drop or args.fresh:
        database.drop(env, args.name)
    if args.drop:
        return 0
    if database.exists(env, args.name):
        say(f"{args.name} exists already; --fresh makes it anew.")
    elif args.base:
        database.copy(env, database.ensure_base(env, demo=args.demo), args.name)
    else:
        database.ensure_database(env, args.name, demo=args.demo)
    return 0
