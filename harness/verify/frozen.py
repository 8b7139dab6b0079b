"""What the addon has stored: reports, their figures and their frozen records."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from .raw import Row, fetch

#: How a frozen record tells what it is counted by.
PROPERTIES = (
    *(
        "advisor_key",
        "user_id",
        "brand_id",
        "kind",
        "order_kind",
        "level",
        "case_kind_id",
        "question_key",
        "problem_category_id",
    ),
    *("outcome_id", "score", "day", "state", "in_base", "is_made", "is_completed", "is_problem", "is_judged", "hit"),
)


def companies(cursor: Any) -> dict[int, str]:
    """Return the stores that have reports."""
    rows = fetch(
        cursor,
        "SELECT id, name FROM res_company c WHERE EXISTS ("
        "SELECT FROM aftersales_monthly_report r WHERE r.company_id = c.id) ORDER BY id",
    )
    return {row.id: row.name for row in rows}


def reports(cursor: Any, company: int) -> list[Row]:
    """Return all reports of a store, in the order in which they were written."""
    return list(
        fetch(
            cursor,
            """SELECT id, company_id, month, revision, timezone, satisfied_score, comeback_days, return_days,
                      date_from, date_to, moment_from, moment_to, date_written, create_date, is_current, is_reconciled
                 FROM aftersales_monthly_report WHERE company_id = %s ORDER BY date_written, id""",
            [company],
        )
    )


def figures(cursor: Any, report: int) -> dict[tuple[str, str, str], Row]:
    """Return the stored figures of a report by measure, dimension and key."""
    rows = fetch(
        cursor,
        """SELECT measure, dimension, key, numerator, denominator, n, value, unit, is_defined, has_previous, previous,
                  previous_n, has_last_year, last_year, last_year_n
             FROM aftersales_monthly_figure WHERE report_id = %s ORDER BY sequence, id""",
        [report],
    )
    return {(row.measure, row.dimension, row.key or ""): row for row in rows}


def base(cursor: Any, report: int) -> dict[tuple[str, int], Row]:
    """Return the frozen records of a report by source and id."""
    rows = fetch(
        cursor,
        f"SELECT source, res_id, callback_id, {', '.join(PROPERTIES)} FROM aftersales_monthly_base WHERE report_id = %s",
        [report],
    )
    return {(row.source, row.res_id): row for row in rows}


def wanted(rows: Iterable[Row], report: int | None, month: date | None) -> list[Row]:
    """Return the reports that were asked for."""
    return [row for row in rows if (report is None or row.id == report) and (month is None or row.month == month)]
