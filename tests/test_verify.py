"""``harness verify``: agrees with every figure of the demo store, and sees a single wrong one."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from harness import database as databases
from harness import paths

VERDICT = re.compile(r"verify: (\d+) figures of (\d+) reports, (\d+) different")


class Store:
    """The demo store's database: read it, change it behind the addon's back, verify it."""

    def __init__(self, env, name: str) -> None:
        self.env, self.name = env, name

    def sql(self, query: str, *parameters):
        with databases.connect(self.env, self.name) as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def verify(self, *options: str) -> tuple[int, list[str], tuple[int, int, int]]:
        """Return the exit code, the lines and the three numbers of the verdict."""
        done = subprocess.run(
            [sys.executable, "-m", "harness", "verify", "-d", self.name, *options],
            capture_output=True,
            text=True,
            cwd=paths.REPO,
            timeout=300,
        )
        assert done.stdout, done.stderr
        lines = done.stdout.splitlines()
        verdict = VERDICT.fullmatch(lines[-1])
        assert verdict, done.stdout
        return done.returncode, lines, tuple(map(int, verdict.groups()))

    def wrong(self, lines: list[str]) -> set[str]:
        """Return the names of the figures that are reported, and the records and columns."""
        return set(re.findall(r"^  (?:DIFFERENT|record|ledger) +(.*?):", "\n".join(lines), re.M))

    @property
    def report(self) -> int:
        """The latest report of the larger store."""
        query = "SELECT report_id FROM aftersales_monthly_figure WHERE measure = 'due' AND dimension = 'total'"
        return self.sql(f"{query} ORDER BY month DESC, numerator DESC LIMIT 1")[0][0]


@pytest.fixture(scope="module")
def shared(odoo_env, make_database) -> Store:
    return Store(odoo_env, make_database(demo=True))


@pytest.fixture
def store(shared: Store) -> Iterator[Store]:
    """The demo store, as it was again after the test."""
    yield shared
    code, lines, _numbers = shared.verify()
    assert code == 0, "\n".join(lines)


@pytest.fixture
def changed(store: Store) -> Iterator[Callable]:
    """``changed(table, id, **values)``: change a row by SQL; changed back when the test ends."""
    undo = []

    def change(table: str, row: int, **values):
        names = list(values)
        old = store.sql(f"SELECT {', '.join(names)} FROM {table} WHERE id = %s", row)[0]
        undo.append((table, row, dict(zip(names, old))))
        write(table, row, values)

    def write(table, row, values):
        pairs = ", ".join(f"{name} = %s" for name in values)
        store.sql(f"UPDATE {table} SET {pairs} WHERE id = %s", *values.values(), row)

    yield change
    for table, row, values in reversed(undo):
        write(table, row, values)


def test_every_figure_of_the_demo_store_is_equal(shared: Store):
    code, lines, (figures, reports, different) = shared.verify()
    assert (code, different) == (0, 0), "\n".join(lines)
    [(stored, written)] = shared.sql("SELECT COUNT(*), COUNT(DISTINCT report_id) FROM aftersales_monthly_figure")
    assert (figures, reports) == (stored, written)
    assert figures > 1000
    assert reports >= 4


def test_all_prints_each_figure(shared: Store):
    report = shared.report
    code, lines, (figures, reports, _different) = shared.verify("--report", str(report), "--all")
    equal = [line for line in lines if line.startswith("  equal ")]
    assert (code, reports, len(equal)) == (0, 1, figures)
    [(made, due)] = shared.sql(
        "SELECT numerator, denominator FROM aftersales_monthly_figure"
        " WHERE report_id = %s AND measure = 'made' AND dimension = 'total'",
        report,
    )
    assert f"  equal      made total: {made}/{due} n={due} {made}" in lines


def test_a_store_and_a_month_can_be_chosen(shared: Store):
    [(company, month)] = shared.sql(
        "SELECT company_id, month FROM aftersales_monthly_report WHERE id = %s", shared.report
    )
    code, _lines, numbers = shared.verify("--company", str(company), "--month", f"{month:%Y-%m}")
    assert (code, numbers[1], numbers[2]) == (0, 1, 0)
    code, lines, numbers = shared.verify("--month", "1999-01")
    assert (code, numbers) == (1, (0, 0, 0))
    assert "No report was found." in lines


@pytest.mark.parametrize(
    ("column", "value"), [("numerator", 999), ("value", 12.3), ("n", 7), ("previous", 55.5), ("has_last_year", True)]
)
def test_one_wrong_stored_figure_is_reported_alone(store: Store, changed, column, value):
    [(row,)] = store.sql(
        "SELECT id FROM aftersales_monthly_figure WHERE report_id = %s AND measure = 'made_rate' AND dimension = 'total'",
        store.report,
    )
    changed("aftersales_monthly_figure", row, **{column: value})
    code, lines, numbers = store.verify()
    assert (code, numbers[2]) == (1, 1)
    assert store.wrong(lines) == {"made_rate total"}


def test_a_missing_figure_is_reported(store: Store, changed):
    [(row,)] = store.sql(
        "SELECT id FROM aftersales_monthly_figure WHERE report_id = %s AND measure = 'due' AND dimension = 'kind' LIMIT 1",
        store.report,
    )
    changed("aftersales_monthly_figure", row, dimension="brand", key="0")
    code, lines, numbers = store.verify()
    assert (code, numbers[2]) == (1, 2)
    assert any("due kind" in line and "stored missing" in line for line in lines)
    assert any("due brand 0" in line and "recomputed none" in line for line in lines)


def test_one_wrong_raw_row_is_reported_exactly(store: Store, changed):
    """A grievance that somebody makes a complaint moves these figures and no other."""
    report = store.report
    [(row, advisor, agent, brand, level, kind)] = store.sql(
        "SELECT res_id, advisor_key, user_id, brand_id, level, COALESCE(case_kind_id::text, '')"
        " FROM aftersales_monthly_base"
        " WHERE report_id = %s AND source = 'complaint' AND NOT hit AND advisor_key IS NOT NULL"
        " AND user_id IS NOT NULL AND brand_id IS NOT NULL ORDER BY res_id LIMIT 1",
        report,
    )
    changed("aftersales_complaint", row, nature="complaint")
    code, lines, numbers = store.verify()
    parts = ("total", f"advisor {advisor}", f"agent {agent}", f"brand {brand}", f"level {level}", f"case_kind {kind}")
    expected = {f"{measure} {part}" for measure in ("complaints", "grievances") for part in parts}
    expected |= {f"complaints_per_100 {part}" for part in (parts[0], parts[1], parts[3])}
    assert store.wrong(lines) == {*expected, f"complaint {row}"}
    assert (code, numbers[2]) == (1, len(expected))


def test_a_column_that_contradicts_its_ledger_is_reported(store: Store, changed):
    [(row,)] = store.sql("SELECT id FROM aftersales_callback WHERE is_completed ORDER BY id DESC LIMIT 1")
    changed("aftersales_callback", row, is_completed=False)
    code, lines, numbers = store.verify()
    assert (code, numbers[2]) == (1, 1)
    assert any(f"callback {row}: is_completed is False, its ledger says True" in line for line in lines)


def test_a_wrong_frozen_row_is_reported(store: Store, changed):
    report = store.report
    [(row, record)] = store.sql(
        "SELECT id, res_id FROM aftersales_monthly_base WHERE report_id = %s AND source = 'attempt' AND hit LIMIT 1",
        report,
    )
    changed("aftersales_monthly_base", row, hit=False)
    code, lines, numbers = store.verify()
    assert (code, numbers[2]) == (1, 1)
    assert store.wrong(lines) == {f"attempt {record}"}


def test_what_is_entered_later_is_no_difference(store: Store, changed):
    """A call of the month that is entered today changes no figure of the report that was written before."""
    # Of any report: in some months every call was tried. Whoever has it, or who calls in this store
    [(callback, agent)] = store.sql(
        """SELECT b.res_id, COALESCE(c.user_id, (SELECT MIN(user_id) FROM aftersales_callback_attempt
                                                  WHERE company_id = c.company_id))
             FROM aftersales_monthly_base b JOIN aftersales_callback c ON c.id = b.res_id
            WHERE b.source = 'callback' AND NOT b.is_made AND b.in_base
              AND NOT EXISTS (SELECT FROM aftersales_callback_attempt a WHERE a.callback_id = c.id)
            ORDER BY c.user_id NULLS LAST, c.id LIMIT 1"""
    )
    [(outcome,)] = store.sql("SELECT id FROM aftersales_callback_outcome WHERE next_step = 'retry' ORDER BY id LIMIT 1")
    [(attempt,)] = store.sql(
        """INSERT INTO aftersales_callback_attempt
               (callback_id, company_id, user_id, outcome_id, outcome_class, is_reached, channel, date_attempt, create_date)
           SELECT c.id, c.company_id, %s, %s, 'not_reached', FALSE, 'phone', c.date_due + TIME '03:00', NOW()
             FROM aftersales_callback c WHERE c.id = %s RETURNING id""",
        agent,
        outcome,
        callback,
    )
    try:
        changed("aftersales_callback", callback, is_made=True, outcome_id=outcome)
        assert store.verify()[0] == 0
        # The same call, had it been there in time, would have to be counted.
        store.sql("UPDATE aftersales_callback_attempt SET create_date = date_attempt WHERE id = %s", attempt)
        code, lines, _numbers = store.verify()
        assert code == 1
        assert {"made total", "attempts total", f"attempt {attempt}"} <= store.wrong(lines)
    finally:
        store.sql("DELETE FROM aftersales_callback_attempt WHERE id = %s", attempt)


@pytest.mark.slow
def test_late_entries_revisions_and_other_zones(odoo_env, demo_database: str):
    """After calls, reopenings, corrected deliveries and changed settings, reports of then and their revisions agree."""
    played = subprocess.run(
        [sys.executable, "-m", "harness", "shell", "-d", demo_database],
        input=(paths.REPO / "tests" / "late_entries.py").read_text(encoding="utf-8"),
        capture_output=True,
        text=True,
        cwd=paths.REPO,
        timeout=300,
    )
    found = re.search(r"^DONE (.*)$", played.stdout, re.M)
    assert found, played.stdout + played.stderr
    steps = ast.literal_eval(found[1])
    wanted = {"called", "moved", "reopened", "delivery corrected", "came back", "order cancelled", "year before"}
    assert wanted <= set(steps)
    store = Store(odoo_env, demo_database)
    code, lines, (figures, reports, different) = store.verify()
    assert (code, different) == (0, 0), "\n".join(lines)
    assert steps["revised"] >= 12
    assert reports >= 18
    assert figures > 5000


def test_an_unknown_database_is_said():
    done = subprocess.run(
        [sys.executable, "-m", "harness", "verify", "-d", "no_such_database"],
        capture_output=True,
        text=True,
        cwd=paths.REPO,
    )
    assert done.returncode == 2
    assert "There is no database no_such_database" in done.stderr
