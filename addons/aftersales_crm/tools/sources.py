"""What the figures count: the rows of each source, as SQL on the live records, in one place.

A source is its columns and its rows (``FROM … WHERE …``). The monthly report freezes them for a month
(``aftersales.monthly.base``); the effect of a corrective action counts the same rows for the days of its window. So the
two can never mean different things. `docs/figures.md` says in words what the rows of each source are.

Names in ``%(...)s`` are the store and the period (`Window`): days are the store's days (`date_due` is one already),
moments lie in [start, end) in UTC.
"""

from typing import NamedTuple


class Window(NamedTuple):
    """The store and the period whose rows are wanted.

    :param company: id of the store
    :param date_from: first day of the store
    :param date_to: last day of the store, included
    :param start: first moment of `date_from`, naive UTC
    :param end: first moment of the day after `date_to`, naive UTC
    :param tz: name of the store's time zone
    :param satisfied: score of 5 from which a customer is satisfied
    :param fix_days: days in which a comeback speaks against the first repair
    :param return_days: days in which a lost customer has returned
    """

    company: int
    date_from: object
    date_to: object
    start: object
    end: object
    tz: str
    satisfied: int
    fix_days: int
    return_days: int


_ORDER = {
    "advisor_id": "o.advisor_id",
    # An advisor who is no user of this system is counted under the name that the order carries
    "advisor_key": "COALESCE(o.advisor_id::text, 'name:' || NULLIF(TRIM(o.advisor_name), ''))",
    "order_kind": "o.kind",
    "brand_id": "v.brand_id",
}
_CALL = {
    **_ORDER,
    "res_id": "c.id",
    "user_id": "c.user_id",
    "kind": "c.kind",
    "outcome_id": "c.outcome_id",
    "state": "c.state",
}
_CASE = {
    **_ORDER,
    "res_id": "p.id",
    "user_id": "c.user_id",
    "level": "p.level",
    "case_kind_id": "p.kind_id",
    "state": "p.state",
}
_OF_CALL = " LEFT JOIN aftersales_repair_order o ON o.id = c.repair_order_id LEFT JOIN aftersales_vehicle v ON v.id = c.vehicle_id"
_FROM_CASE = (
    "FROM aftersales_complaint p LEFT JOIN aftersales_callback c ON c.id = p.callback_id"
    " LEFT JOIN aftersales_repair_order o ON o.id = p.repair_order_id"
    " LEFT JOIN aftersales_vehicle v ON v.id = p.vehicle_id"
)
_HANDLING = " JOIN aftersales_clock k ON k.res_model = 'aftersales.complaint' AND k.res_id = p.id AND k.code = 'handle'"
# How a clock stood when the month ended, by its ledger: a case that is taken up again afterwards leaves it as it was
_AT_END = (
    " LEFT JOIN LATERAL (SELECT e.kind, e.date_event FROM aftersales_clock_event e WHERE e.clock_id = k.id"
    " AND e.kind IN ('stop', 'reopen') AND e.date_event < %(end)s ORDER BY e.date_event DESC, e.id DESC LIMIT 1) z ON TRUE"
)
_FROM_ORDER = "FROM aftersales_repair_order o LEFT JOIN aftersales_vehicle v ON v.id = o.vehicle_id"
_LOCAL = "({} AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date"

SOURCES = {
    "callback": (
        {
            **_CALL,
            "callback_id": "c.id",
            "day": "c.date_due",
            "score": "COALESCE(c.satisfaction::int, 0)",
            "in_base": "NOT (c.state = 'cancelled' AND c.cancel_reason IS NOT NULL AND c.cancel_reason <> 'other')",
            "is_made": "COALESCE(c.is_made, FALSE)",
            "is_called": "EXISTS (SELECT FROM aftersales_callback_attempt a WHERE a.callback_id = c.id)",
            "is_completed": "COALESCE(c.is_completed, FALSE)",
            "hit": "COALESCE(c.satisfaction::int, 0) >= %(satisfied)s",
        },
        f"FROM aftersales_callback c{_OF_CALL}"
        " WHERE c.company_id = %(company)s AND c.date_due BETWEEN %(date_from)s AND %(date_to)s",
    ),
    "attempt": (
        {
            **_CALL,
            "res_id": "a.id",
            "user_id": "a.user_id",
            "outcome_id": "a.outcome_id",
            "day": _LOCAL.format("a.date_attempt"),
            "hit": "COALESCE(a.is_reached, FALSE)",
        },
        f"FROM aftersales_callback_attempt a JOIN aftersales_callback c ON c.id = a.callback_id{_OF_CALL}"
        " WHERE a.company_id = %(company)s AND a.date_attempt >= %(start)s AND a.date_attempt < %(end)s",
    ),
    "answer": (
        {
            **_CALL,
            "res_id": "a.id",
            "question_id": "a.question_id",
            "question_key": "COALESCE(NULLIF(q.code, ''), q.id::text)",
            # Only problems carry a category: a good answer speaks of none
            "problem_category_id": "CASE WHEN a.is_problem THEN a.problem_category_id END",
            "is_problem": "COALESCE(a.is_problem, FALSE)",
            # A yes or no that the question calls no problem is neither good nor bad
            "is_judged": "q.kind <> 'text' AND (q.kind <> 'yes_no' OR COALESCE(q.problem_answer, '') <> '')",
            "hit": "COALESCE(a.is_good, FALSE)",
        },
        "FROM aftersales_callback_answer a JOIN aftersales_question q ON q.id = a.question_id"
        f" JOIN aftersales_callback c ON c.id = a.callback_id{_OF_CALL}"
        " WHERE c.company_id = %(company)s AND c.date_due BETWEEN %(date_from)s AND %(date_to)s"
        " AND NOT (c.state = 'cancelled' AND c.cancel_reason IS NOT NULL AND c.cancel_reason <> 'other')"
        " AND a.is_answered AND (q.kind <> 'text' OR a.is_problem)",
    ),
    "complaint": (
        {**_CASE, "day": _LOCAL.format("p.date_received"), "hit": "p.nature = 'complaint'"},
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND p.date_received >= %(start)s AND p.date_received < %(end)s",
    ),
    "handling": (
        {
            **_CASE,
            "day": _LOCAL.format("z.date_event"),
            "hit": "NOT EXISTS (SELECT FROM aftersales_clock_event b WHERE b.clock_id = k.id AND b.kind = 'breach'"
            " AND b.date_event < %(end)s)",
        },
        f"{_FROM_CASE}{_HANDLING}{_AT_END} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND (k.date_stop IS NULL OR k.date_stop >= %(start)s) AND z.kind = 'stop' AND z.date_event >= %(start)s",
    ),
    "handling_open": (
        {**_CASE, "hit": "COALESCE(k.date_deadline < %(end)s, k.is_breached, FALSE)"},
        f"{_FROM_CASE}{_HANDLING}{_AT_END} WHERE p.company_id = %(company)s AND p.state <> 'merged'"
        " AND k.date_start < %(end)s AND (k.date_stop IS NULL OR k.date_stop >= %(end)s)"
        " AND z.kind IS DISTINCT FROM 'stop'",
    ),
    "reopened": (
        _CASE,
        # Not by the clocks: they run on too when a solution is reworked. A case that was closed comes into a hand again,
        # and nobody hands it over; the first such custody is the intake.
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.reopen_count > 0 AND EXISTS ("
        "SELECT FROM aftersales_handover h WHERE h.complaint_id = p.id AND h.from_id IS NULL AND h.state = 'accepted'"
        " AND h.date_from >= %(start)s AND h.date_from < %(end)s AND EXISTS ("
        "SELECT FROM aftersales_handover f WHERE f.complaint_id = p.id AND f.from_id IS NULL"
        " AND f.state = 'accepted' AND f.id < h.id))",
    ),
    "second_call": (
        {**_CASE, "user_id": "p.second_caller_id", "hit": "p.second_satisfied = 'yes'"},
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.second_satisfied IS NOT NULL"
        " AND p.date_second_callback >= %(start)s AND p.date_second_callback < %(end)s",
    ),
    "order": (
        {**_ORDER, "res_id": "o.id", "day": _LOCAL.format("o.date_out"), "hit": "o.comeback_of_id IS NOT NULL"},
        f"{_FROM_ORDER} WHERE o.company_id = %(company)s AND o.state = 'delivered'"
        " AND o.date_out >= %(start)s AND o.date_out < %(end)s",
    ),
    "order_window": (
        {
            **_ORDER,
            "res_id": "o.id",
            "day": _LOCAL.format("o.date_out"),
            "hit": "NOT EXISTS (SELECT FROM aftersales_repair_order b WHERE b.comeback_of_id = o.id"
            " AND b.state <> 'cancelled' AND b.date_in <= o.date_out + %(fix_days)s * INTERVAL '1 day')",
        },
        f"{_FROM_ORDER} WHERE o.company_id = %(company)s AND o.state = 'delivered'"
        " AND o.date_out >= %(start)s - %(fix_days)s * INTERVAL '1 day'"
        " AND o.date_out < %(end)s - %(fix_days)s * INTERVAL '1 day'",
    ),
    "lost_call": (
        {**_CALL, "day": _LOCAL.format("c.date_done")},
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.kind = 'absent' AND c.state = 'done'"
        " AND c.date_done >= %(start)s AND c.date_done < %(end)s",
    ),
    "lost_window": (
        {
            **_CALL,
            "day": _LOCAL.format("c.date_done"),
            "hit": "EXISTS (SELECT FROM aftersales_repair_order b WHERE b.vehicle_id = c.vehicle_id"
            " AND b.company_id = c.company_id AND b.state <> 'cancelled' AND b.date_in > c.date_done"
            " AND b.date_in <= c.date_done + %(return_days)s * INTERVAL '1 day')",
        },
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.kind = 'absent' AND c.state = 'done'"
        " AND c.date_done >= %(start)s - %(return_days)s * INTERVAL '1 day'"
        " AND c.date_done < %(end)s - %(return_days)s * INTERVAL '1 day'",
    ),
    "measure": (
        {
            "res_id": "m.id",
            "user_id": "m.responsible_id",
            "day": "m.date_deadline",
            "hit": "m.date_deadline < %(date_to)s",
        },
        "FROM aftersales_corrective_measure m JOIN aftersales_corrective_action t ON t.id = m.action_id"
        " WHERE m.company_id = %(company)s AND t.date_signed < %(end)s AND t.state <> 'cancelled'"
        " AND (t.date_closed IS NULL OR t.date_closed >= %(end)s) AND (m.date_done IS NULL OR m.date_done > %(date_to)s)",
    ),
    "action": (
        {
            "res_id": "t.id",
            "user_id": "t.responsible_id",
            "day": _LOCAL.format("t.date_closed"),
            "hit": "t.effective = 'yes'",
        },
        "FROM aftersales_corrective_action t WHERE t.company_id = %(company)s AND t.effective IS NOT NULL"
        " AND t.date_closed >= %(start)s AND t.date_closed < %(end)s",
    ),
    "exception": (
        {"res_id": "a.id", "user_id": "a.decided_by_id", "day": _LOCAL.format("a.date_decided")},
        "FROM aftersales_approval a WHERE a.company_id = %(company)s AND a.exception_reason IS NOT NULL"
        " AND a.date_decided >= %(start)s AND a.date_decided < %(end)s",
    ),
    "call_exception": (
        {**_CALL, "day": _LOCAL.format("c.date_last_attempt")},
        f"FROM aftersales_callback c{_OF_CALL} WHERE c.company_id = %(company)s AND c.independence_exception IS NOT NULL"
        " AND c.date_last_attempt >= %(start)s AND c.date_last_attempt < %(end)s",
    ),
    "second_exception": (
        {**_CASE, "user_id": "p.second_caller_id", "day": _LOCAL.format("p.date_second_callback")},
        f"{_FROM_CASE} WHERE p.company_id = %(company)s AND p.second_exception IS NOT NULL"
        " AND p.second_satisfied IS NOT NULL"
        " AND p.date_second_callback >= %(start)s AND p.date_second_callback < %(end)s",
    ),
}


def select(source, extra=None):
    """SQL text of the rows of a source; its ``%(...)s`` are the fields of a `Window`.

    :param dict extra: further columns, ``{name: SQL}``, beside those of the source
    :return: (column names, SQL text)
    """
    columns, rows = SOURCES[source]
    columns = {**columns, **(extra or {})}
    return list(columns), "SELECT " + ", ".join(f"{value} AS {name}" for name, value in columns.items()) + " " + rows
