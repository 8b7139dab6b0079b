"""The rows of one store as they stand now, by plain SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

Row = SimpleNamespace

#: What is read of a store: name, then a query whose one parameter is the store.
QUERIES = {
    "callbacks": """
        SELECT id, kind, repair_order_id, vehicle_id, user_id, state, cancel_reason, date_due, date_done,
               date_expiry, satisfaction, outcome_id, is_made, is_completed, independence_exception,
               create_date, write_date
          FROM aftersales_callback WHERE company_id = %s""",
    "attempts": """
        SELECT a.id, a.callback_id, a.date_attempt, a.user_id, a.outcome_id, a.is_reached, a.create_date,
               o.outcome_class, o.next_step
          FROM aftersales_callback_attempt a
          JOIN aftersales_callback c ON c.id = a.callback_id
          JOIN aftersales_callback_outcome o ON o.id = a.outcome_id
         WHERE c.company_id = %s ORDER BY a.date_attempt, a.id""",
    "answers": """
        SELECT a.id, a.callback_id, a.question_id, a.value_yes_no, a.value_score, a.value_choice_id, a.value_text,
               a.is_answered, a.is_problem, a.is_good, a.problem_category_id, a.create_date, a.write_date,
               q.kind, q.code, q.problem_answer, q.problem_threshold, q.good_threshold, q.is_satisfaction,
               q.is_problem_text, h.is_problem AS choice_is_problem,
               COALESCE(h.problem_category_id, q.problem_category_id) AS category_of_question
          FROM aftersales_callback_answer a
          JOIN aftersales_callback c ON c.id = a.callback_id
          JOIN aftersales_question q ON q.id = a.question_id
          LEFT JOIN aftersales_question_choice h ON h.id = a.value_choice_id
         WHERE c.company_id = %s""",
    "orders": """
        SELECT id, vehicle_id, advisor_id, advisor_name, kind, state, is_cancelled, date_in, date_out, comeback_of_id,
               create_date, write_date
          FROM aftersales_repair_order WHERE company_id = %s""",
    "complaints": """
        SELECT id, nature, level, kind_id, state, repair_order_id, vehicle_id, callback_id, date_received, date_second_callback,
               second_satisfied, second_caller_id, second_exception, reopen_count, create_date, write_date
          FROM aftersales_complaint WHERE company_id = %s""",
    "handovers": """
        SELECT h.id, h.complaint_id, h.date_from, h.create_date
          FROM aftersales_handover h JOIN aftersales_complaint c ON c.id = h.complaint_id
         WHERE c.company_id = %s AND h.from_id IS NULL AND h.state = 'accepted'
         ORDER BY h.date_from, h.id""",
    "clocks": """
        SELECT k.id, k.res_id, k.state, k.result, k.is_breached, k.date_stop, k.date_deadline, k.write_date
          FROM aftersales_clock k
         WHERE k.company_id = %s AND k.res_model = 'aftersales.complaint' AND k.code = 'handle'""",
    "clock_events": """
        SELECT e.id, e.clock_id, e.kind, e.date_event, e.date_entry, e.create_date, e.amount, e.unit, e.time_kind
          FROM aftersales_clock_event e JOIN aftersales_clock k ON k.id = e.clock_id
         WHERE k.company_id = %s AND k.res_model = 'aftersales.complaint' AND k.code = 'handle'
         ORDER BY e.date_event, e.id""",
    "actions": """
        SELECT id, state, responsible_id, date_signed, date_closed, effective, create_date, write_date
          FROM aftersales_corrective_action WHERE company_id = %s""",
    "measures": """
        SELECT m.id, m.action_id, m.responsible_id, m.date_deadline, m.date_done, m.create_date, m.write_date
          FROM aftersales_corrective_measure m JOIN aftersales_corrective_action a ON a.id = m.action_id
         WHERE a.company_id = %s""",
    "approvals": """
        SELECT id, exception_reason, date_decided, create_date, write_date
          FROM aftersales_approval WHERE company_id = %s AND date_decided IS NOT NULL""",
    "vehicles": """
        SELECT v.id, m.brand_id, v.model_id, v.write_date
          FROM aftersales_vehicle v LEFT JOIN fleet_vehicle_model m ON m.id = v.model_id
         WHERE v.company_id = %s""",
}


def fetch(cursor: Any, query: str, parameters: Iterable[Any] = ()) -> Iterator[Row]:
    """Run a query and give its rows as objects with the columns' names."""
    cursor.execute(query, tuple(parameters))
    names = [column.name for column in cursor.description]
    for row in cursor.fetchall():
        yield Row(**dict(zip(names, row)))


class Raw:
    """All rows of one store that a figure can come from."""

    def __init__(self, cursor: Any, company: int) -> None:
        self.company = company
        self.settings = next(
            fetch(
                cursor,
                """SELECT aftersales_comeback_days AS comeback_days, aftersales_return_days AS return_days,
                          c.name AS tz_of, k.tz AS timezone, k.write_date AS calendar_changed, c.write_date AS changed
                     FROM res_company c LEFT JOIN resource_calendar k ON k.id = c.resource_calendar_id
                    WHERE c.id = %s""",
                [company],
            )
        )
        self.brand_of_model = {
            row.id: row.brand_id for row in fetch(cursor, "SELECT id, brand_id FROM fleet_vehicle_model")
        }
        tables = {name: list(fetch(cursor, query, [company])) for name, query in QUERIES.items()}
        self.callbacks = {row.id: row for row in tables["callbacks"]}
        self.orders = {row.id: row for row in tables["orders"]}
        self.complaints = {row.id: row for row in tables["complaints"]}
        self.vehicles = {row.id: row for row in tables["vehicles"]}
        self.actions = {row.id: row for row in tables["actions"]}
        self.clocks = {row.id: row for row in tables["clocks"]}
        self.attempts = tables["attempts"]
        self.answers = tables["answers"]
        self.measures = tables["measures"]
        self.approvals = tables["approvals"]
        self.attempts_of = grouped(self.attempts, "callback_id")
        self.answers_of = grouped(self.answers, "callback_id")
        self.custody_of = grouped(tables["handovers"], "complaint_id")
        self.events_of = grouped(tables["clock_events"], "clock_id")
        self.orders_of_vehicle = grouped(tables["orders"], "vehicle_id")
        self.comebacks_of = grouped(tables["orders"], "comeback_of_id")


def grouped(rows: Iterable[Row], name: str) -> dict[int, list[Row]]:
    """Return the rows by one of their columns, in their order."""
    result: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        result[getattr(row, name)].append(row)
    return result
