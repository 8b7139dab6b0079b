"""Recompute every figure of the monthly reports from the raw rows; exit 1 when one differs."""

from __future__ import annotations

import argparse
from datetime import date, datetime

from .. import database, demo
from ..environment import prepare
from ..errors import SetupError
from ..verify import frozen, show
from ..verify.audit import StoreAudit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``verify``."""
    parser.add_argument("-d", "--database", default=demo.DATABASE, metavar="DB", help="default: %(default)s")
    parser.add_argument("--report", type=int, metavar="ID", help="only this report")
    parser.add_argument("--company", type=int, metavar="ID", help="only the reports of this store")
    parser.add_argument("--month", type=_month, metavar="YYYY-MM", help="only the reports of this month")
    parser.add_argument("--all", action="store_true", help="print every figure, not only the differences")


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no month: write it as 2026-10") from None


def run(args: argparse.Namespace) -> int:
    """Print what differs, a table of counts, and the verdict; nothing to compare is no success either."""
    env = prepare(args.odoo)
    if not database.exists(env, args.database):
        raise SetupError(f"There is no database {args.database}: name another one with -d.")
    lines, reports, different = [], 0, 0
    with database.connect(env, args.database) as cursor:
        # One view of the data, and no way to change it.
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for company, name in frozen.companies(cursor).items():
            if args.company not in (None, company):
                continue
            audit = StoreAudit(cursor, company)
            verdicts = 0
            for verdict in audit.verdicts(args.report, args.month):
                print("\n".join(show.report(name, verdict, everything=args.all)))
                lines += verdict.lines
                verdicts += 1
                different += verdict.count
            if verdicts:
                reports += verdicts
                contradictions = audit.contradictions()
                different += len(contradictions)
                for text in contradictions:
                    print(f"  ledger     {name}, {text}")
    print("\n".join(show.table(lines)))
    if not reports:
        print("No report was found.")
    print(f"verify: {len(lines)} figures of {reports} reports, {different} different", flush=True)
    return 1 if different or not reports else 0
