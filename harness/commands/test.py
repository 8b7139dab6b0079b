"""Run every check and test of the project; exit 1 when one fails or none ran."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

from .. import database, stages
from ..environment import prepare
from ..say import say
from ..stages import Result, timed

STAGES = ("lint", "i18n", "addon", "tests")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``test``."""
    parser.add_argument("-k", dest="expression", default="", metavar="EXPRESSION",
                        help="only tests whose name matches (no lint, no translations)")  # fmt: skip
    parser.add_argument("--fast", action="store_true", help="leave out the tests marked slow")
    parser.add_argument("--only", action="append", choices=STAGES, help="only this stage; may be repeated")
    parser.add_argument("--tags", default="", help="Odoo test tags for the addon's tests")


def run(args: argparse.Namespace) -> int:
    """Run the stages, two at a time, and print one report over all of them."""
    began = time.monotonic()
    env = prepare(args.odoo)
    wanted = set(args.only or STAGES)
    if args.expression and not args.only:
        wanted -= {"lint", "i18n"}
    results: list[Result] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        # First the quick verdicts, while the second core makes the databases.
        checks = [pool.submit(lambda: _report(timed(stages.lint, "lint")))] if "lint" in wanted else []
        if wanted != {"lint"}:
            database.ensure_addon(env)
        if "i18n" in wanted:
            checks.append(pool.submit(lambda: _report(timed(stages.translation, "translations", env))))
        results += [check.result() for check in checks]
        work = []
        if "addon" in wanted:
            options = {"expression": args.expression, "tags": args.tags, "fast": args.fast}
            work.append(pool.submit(lambda: _report(timed(stages.addon_tests, "addon tests", env, **options))))
        if "tests" in wanted and not args.tags:
            options_outside = {"expression": args.expression, "fast": args.fast}
            work.append(
                pool.submit(lambda: _report(timed(stages.outside_tests, "tests from outside", env, **options_outside)))
            )
        results += [item.result() for item in work]
    return conclude(results, time.monotonic() - began)


def _report(result: Result) -> Result:
    say(result.line())
    return result


def conclude(results: list[Result], seconds: float) -> int:
    """Print every failure, the stages and the closing line; return the exit code."""
    for result in results:
        for failure in result.failures:
            print(f"\n---- {result.name} ----\n{failure}", flush=True)
    print()
    for result in results:
        print(result.line())
    passed = sum(result.passed for result in results)
    failed = sum(result.failed for result in results)
    skipped = sum(result.skipped for result in results)
    if not passed and not failed:
        failed = 1
        print("No test ran.")
    text = f" {passed} passed, {failed} failed"
    if skipped:
        text += f", {skipped} skipped"
    print(f"{text} in {seconds:.1f}s ".center(80, "="), flush=True)
    return 1 if failed else 0
