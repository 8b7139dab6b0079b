"""Run a script or a prompt in Odoo's shell, on a database with the addon installed."""

from __future__ import annotations

import argparse
import os

from .. import database, odoo_shell
from ..environment import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``shell``."""
    parser.add_argument(
        "-d",
        "--database",
        required=True,
        metavar="DB",
        help="made from the template when it does not exist",
    )
    parser.add_argument("--demo", action="store_true", help="make it with demonstration data")


def run(args: argparse.Namespace) -> int:
    """Become Odoo's shell; standard input is the script when it is not a terminal."""
    env = prepare(args.odoo)
    database.ensure_database(env, args.database, demo=args.demo)
    os.execve(str(env.python), odoo_shell.command(env, args.database, log_level="warn"), env.process_env())
    return 0
