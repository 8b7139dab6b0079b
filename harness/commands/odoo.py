"""Run Odoo's own command line with the harness's configuration.

For example: ``harness odoo -d NAME -u aftersales_crm --stop-after-init`` or
``harness odoo i18n export -d NAME -- aftersales_crm``.  A ``--`` before the first word is ignored.
"""

from __future__ import annotations

import argparse
import os

from ..environment import prepare

RAW = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``odoo``: all of them go to Odoo."""
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments for Odoo")


def run(args: argparse.Namespace) -> int:
    """Become the Odoo process."""
    env = prepare(args.odoo)
    words = [word for index, word in enumerate(args.arguments) if index or word != "--"]
    command = "server"
    if words and not words[0].startswith("-"):
        command = words.pop(0)
    action = [words.pop(0)] if words and command in ("db", "module", "i18n") else []
    full = [str(env.python), "-m", "odoo", command, *action, "-c", str(env.odoo_conf), *words]
    os.execve(str(env.python), full, env.process_env())
    return 0
