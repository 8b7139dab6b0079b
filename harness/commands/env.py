"""Set up what is missing and print how to reach it."""

from __future__ import annotations

import argparse
import json

from .. import database
from ..environment import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``env``."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print the facts that a tool outside needs to use this Odoo."""
    env = prepare(args.odoo)
    facts = {
        "python": str(env.python),
        "pythonpath": str(env.odoo.root),
        "addons_path": env.addons_path,
        "db_host": env.server.host,
        "db_port": env.server.port,
        "db_user": env.server.user,
        "template_db": database.ensure_base(env),
        "data_dir": str(env.data_dir),
        "chromium": env.chromium,
        "odoo_conf": str(env.odoo_conf),
        "odoo_version": env.odoo.version,
        "odoo_origin": env.odoo.origin,
    }
    if args.json:
        print(json.dumps(facts, indent=2))
    else:
        for key, value in facts.items():
            print(f"{key:13} {value}")
    return 0
