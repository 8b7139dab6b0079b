"""``harness simulate``: stores live for half a year through the product's own methods, and every figure is verified."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from harness import database as databases
from harness import paths

#: What must have happened, so that the agreement says something.
NASTY = (
    "orders entered late",
    "deliveries corrected",
    "orders cancelled",
    "consents withdrawn",
    "cases reopened",
    "calls at a month's last minute",
    "calls at a month's first minute",
    "reports signed",
    "revisions",
    "actions verified",
)


@pytest.mark.slow
def test_half_a_year_of_three_stores_is_verified(odoo_env, dropped_last):
    """Three stores in three time zones, six months: no figure differs, no written report changes."""
    name = databases.temporary_name(odoo_env, "simulated")
    dropped_last.append(name)
    command = ["simulate", "--stores", "3", "--months", "6", "--orders", "5", "--seed", "7", "-d", name]
    done = subprocess.run(
        [sys.executable, "-m", "harness", *command], capture_output=True, text=True, cwd=paths.REPO, timeout=2400
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0, text[-6000:]
    verdict = re.search(r"verify: (\d+) figures of (\d+) reports, (\d+) different", text)
    assert verdict, text[-3000:]
    figures, reports, different = map(int, verdict.groups())
    assert (reports >= 18, figures > 3000, different) == (True, True, 0)
    assert re.search(rf"  {reports} reports, 0 changed since they were written", text)
    assert "ERROR" not in text
    counts = {name: int(count) for name, count in re.findall(r"^  (\D.*?)\s{2,}(\d+) +[\d.]+ s$", text, re.M)}
    assert {name: counts.get(name, 0) > 0 for name in NASTY} == dict.fromkeys(NASTY, True), counts
    refused = int(re.search(r"refused by a rule +(\d+)", text)[1])
    assert refused <= sum(counts.values()) / 50, text[:4000]
    with databases.connect(odoo_env, name) as cursor:
        # The bad cases reached the figures: late rows, reopenings, exceptions, lost customers, several zones.
        cursor.execute(
            "SELECT COUNT(DISTINCT timezone), COUNT(DISTINCT company_id), COUNT(*) FILTER (WHERE revision > 0),"
            " COUNT(*) FILTER (WHERE NOT is_reconciled) FROM aftersales_monthly_report"
        )
        zones, stores, revisions, unreconciled = cursor.fetchone()
        assert (zones, stores, unreconciled) == (3, 3, 0)
        assert revisions >= 1
        cursor.execute(
            "SELECT measure, SUM(numerator) FROM aftersales_monthly_figure WHERE dimension = 'total' GROUP BY measure"
        )
        sums = dict(cursor.fetchall())
        for measure in ("made", "complaints", "grievances", "reopened", "comebacks", "lost_called", "exceptions",
                        "missed", "refused", "handled_in_time", "effective_measures"):  # fmt: skip
            assert sums[measure] > 0, (measure, sums)
