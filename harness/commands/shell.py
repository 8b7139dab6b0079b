"""Run a script or a prompt in Odoo's shell, on a database with the addon installed."""

from __future__ import annotations

import argparse
import os

from .. import database
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
    command = [
        str(env.python),
        "-m",
        "odoo",
        "shell",
        "-c",
        str(env.odoo_conf),
        "-d",
        args.database,
        "--no-http",
        "--log-level=warn",
    ]
    os.execve(str(env.python), command, env.process_env())
    return 0
