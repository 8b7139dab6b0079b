"""Play a dealership's life through the product's own methods with frozen time, then verify every figure."""

from __future__ import annotations

import argparse
import json
import subprocess

from .. import database
from ..environment import prepare
from ..errors import SetupError
from ..paths import REPO
from ..say import say
from ..simulation.play import MARK
from . import verify

DATABASE = "aftersales_simulated"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``simulate``."""
    parser.add_argument("--stores", type=_positive, default=2, metavar="N", help="default: %(default)s")
    parser.add_argument("--months", type=_positive, default=3, metavar="M", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the same seed plays the same dice")
    parser.add_argument("--orders", type=_positive, default=40, metavar="K", help="repair orders a store and month")
    parser.add_argument("-d", "--database", default=DATABASE, metavar="DB", help="made anew; default: %(default)s")
    parser.add_argument("--no-verify", action="store_true", help="only play")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(args: argparse.Namespace) -> int:
    """Make the database anew, play, print what was done, and verify; exit 1 when a figure differs or changed."""
    env = prepare(args.odoo)
    database.drop(env, args.database)
    database.ensure_database(env, args.database)
    say(f"Playing {args.stores} store(s) for {args.months} month(s) in {args.database}")
    script = (
        f"import sys; sys.path.insert(0, {str(REPO)!r})\n"
        "from harness.simulation import play\n"
        f"play.run(env, stores={args.stores}, months={args.months}, seed={args.seed}, orders={args.orders})\n"
    )
    process = subprocess.run(
        [
            *(str(env.python), "-m", "odoo", "shell", "-c", str(env.odoo_conf)),
            *("-d", args.database, "--no-http", "--log-level=error"),
        ],
        input=script,
        capture_output=True,
        text=True,
        env=env.process_env(),
    )
    lines = [line for line in process.stdout.splitlines() if line.startswith(MARK)]
    if not lines:
        raise SetupError(f"The simulation broke off:\n{(process.stdout + process.stderr)[-3000:]}")
    told = json.loads(lines[-1].removeprefix(MARK))
    for name, (count, seconds) in sorted(told["done"].items()):
        print(f"  {name:32} {count:6} {seconds:8.1f} s")
    refused = sum(told["refused"].values())
    print(f"  {'refused by a rule':32} {refused:6}")
    for text, count in sorted(told["refused"].items(), key=lambda item: -item[1])[:10]:
        print(f"    {count:4}  {' '.join(text.split())[:150]}")
    for text in told["errors"][:5]:
        print(f"  ERROR {text}")
    print(f"  {told['reports']} reports, {len(told['changed'])} changed since they were written; {told['seconds']} s")
    code = 1 if told["errors"] or told["changed"] else 0
    if args.no_verify:
        return code
    options = argparse.Namespace(
        odoo=args.odoo, database=args.database, report=None, company=None, month=None, all=False
    )
    return verify.run(options) or code
