"""The night job of the monthly reports in real processes: killed at any point, and beside a second worker."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time

import pytest

from harness import database, odoo_shell, paths

STORES = 3
REPO = f"import sys; sys.path.insert(0, {str(paths.REPO)!r})\n"
PREPARE = (
    REPO
    + f"""
from datetime import date
from harness import storemonths
env = env(user=1)
today = date.today()
month = date(today.year - (today.month == 1), today.month - 1 or 12, 1)
storemonths.fill(env, {STORES}, 60, month)
env.cr.commit()
"""
)
# As a scheduled action does it, without the files: what is due, one store and month a transaction
NIGHT = """
env = env(user=1)
Report = env['aftersales.monthly.report']
print('READY', flush=True)
Report._cron_write_reports()
print('DONE', flush=True)
"""
COUNTS = """
    SELECT COUNT(*), COUNT(DISTINCT (company_id, month)),
           COUNT(*) FILTER (WHERE is_reconciled AND figures_hash IS NOT NULL),
           COUNT(*) FILTER (WHERE EXISTS (SELECT FROM aftersales_monthly_base b WHERE b.report_id = r.id)),
           COUNT(*) FILTER (WHERE EXISTS (SELECT FROM aftersales_monthly_figure f WHERE f.report_id = r.id))
      FROM aftersales_monthly_report r"""


@pytest.fixture
def due_database(odoo_env, make_database):
    """A database with stores whose reports of last month nobody has written."""
    name = make_database()
    odoo_shell.run(odoo_env, name, PREPARE).check_returncode()
    return name


def counts(env, name):
    with database.connect(env, name) as cursor:
        cursor.execute(COUNTS)
        return cursor.fetchone()


def expect_one_complete_report_each(env, name):
    written, apart, reconciled, with_base, with_figures = counts(env, name)
    # The month of the orders, and the one before it and after it where callbacks of its edges are due
    assert written == apart, "one report a store and month"
    assert written >= STORES
    assert (reconciled, with_base, with_figures) == (written, written, written), "each of them is complete"
    done = subprocess.run(
        [sys.executable, "-m", "harness", "verify", "-d", name],
        capture_output=True,
        text=True,
        cwd=paths.REPO,
    )
    assert re.search(r"0 different$", done.stdout.strip()), done.stdout[-3000:]


@pytest.mark.slow
def test_night_job_survives_kills_and_a_second_worker(odoo_env, due_database):
    """Killed at random points, then run by two workers at once: each report is there once, whole, and right."""
    chance = random.Random(5)
    for _attempt in range(4):
        process = odoo_shell.start(odoo_env, due_database, NIGHT)
        assert process.stdout.readline().strip() == "READY"
        time.sleep(chance.uniform(0.05, 1.2))  # the moment of the kill is what is varied
        process.send_signal(signal.SIGKILL)
        process.wait()
        written, apart, reconciled, with_base, with_figures = counts(odoo_env, due_database)
        assert written == apart == reconciled == with_base == with_figures, "nothing half is left by a kill"
    workers = [odoo_shell.start(odoo_env, due_database, NIGHT) for _number in range(2)]
    for worker in workers:
        out, errors = worker.stdout.read(), worker.stderr.read()
        assert worker.wait() == 0, errors
        assert "DONE" in out, errors
    expect_one_complete_report_each(odoo_env, due_database)
