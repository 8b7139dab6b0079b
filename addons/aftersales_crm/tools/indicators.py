"""What the effect of a corrective action can be measured by: figures that the monthly report counts as well.

An indicator takes its rows from `tools/sources.py` and, where the report has the same figure, its conditions from
`tools/measures.py`, so that "before", "after" and the monthly report speak of the same thing. It adds what only an
action asks: a window of days, one advisor, brand or kind of order, one question, kind, cause or problem.
"""

from typing import NamedTuple

from .measures import MEASURES
from .sources import select

# By what an indicator can be narrowed down to a part of the store: column of the rows
SCOPES = {"store": None, "advisor": "advisor_id", "brand": "brand_id", "order_kind": "order_kind"}

# Columns of complaints and answers that only an indicator asks for
_EXTRA = {
    "complaint": {"kind_id": "p.kind_id", "cause_id": "p.cause_id", "problem_category_id": "p.problem_category_id"},
    "handling": {"kind_id": "p.kind_id", "cause_id": "p.cause_id", "problem_category_id": "p.problem_category_id"},
    "answer": {"call_id": "c.id", "is_completed": "COALESCE(c.is_completed, FALSE)"},
}


class Indicator(NamedTuple):
    """One indicator.

    :param source: source of the rows that are counted
    :param numerator: SQL condition on them
    :param out_of: source of the rows that they are counted out of
    :param denominator: SQL condition on those
    :param better: ``lower`` or ``higher``
    :param filters: what can narrow the numerator down: ``category``, ``kind``, ``cause``; ``question`` narrows both
    :param needs: filters that must be given
    :param lag: what lies between a repair and the day that the rows are counted by: ``callback`` (the callback is due
        some days later), ``comeback`` (the days of a comeback have to pass) or None
    :param counted: column whose different values are counted
    :param is_rate: the counted are not among what they are counted out of (per 100)
    """

    source: str
    numerator: str
    out_of: str
    denominator: str
    better: str
    filters: tuple = ()
    needs: tuple = ()
    lag: str | None = None
    counted: str = "res_id"
    is_rate: bool = False


def _of_report(code, better, **values):
    """The indicator with the rows and conditions of a figure of the report."""
    measure = MEASURES[code]
    out_of = measure.denominator_source or measure.source
    return Indicator(measure.source, measure.numerator, out_of, measure.denominator, better, **values)


_SUCCESSFUL = MEASURES["successful"]
_CASE_FILTERS = ("category", "kind", "cause")

INDICATORS = {
    # Customers who named the problem, among the successful callbacks
    "problem_rate": Indicator(
        "answer",
        "is_problem AND is_completed",
        _SUCCESSFUL.source,
        _SUCCESSFUL.numerator,
        "lower",
        filters=("category",),
        needs=("category",),
        lag="callback",
        counted="call_id",
    ),
    "question_good": _of_report("question_good", "higher", filters=("question",), needs=("question",), lag="callback"),
    "satisfied_rate": _of_report("satisfied_rate", "higher", lag="callback"),
    "complaints_per_100": _of_report("complaints_per_100", "lower", filters=_CASE_FILTERS, is_rate=True),
    "comebacks": _of_report("comebacks", "lower"),
    "first_time_fix": _of_report("first_time_fix", "higher", lag="comeback"),
    "handled_in_time": _of_report("handled_in_time", "higher", filters=_CASE_FILTERS),
    "second_satisfied": _of_report("second_satisfied", "higher"),
    "made_rate": _of_report("made_rate", "higher"),
    "success_rate": _of_report("success_rate", "higher"),
}

_FILTER_COLUMNS = {
    "category": "problem_category_id",
    "kind": "kind_id",
    "cause": "cause_id",
    "question": "question_key",
}


def statement(code, scope, filters):
    """SQL text that counts an indicator, and the values that it needs beside those of the `Window`.

    :param str code: key of `INDICATORS`
    :param tuple scope: (key of `SCOPES`, value), the value unused for the whole store
    :param dict filters: ``{filter: list of ids, or keys of questions}``; those that the indicator does not know are left out
    :return: (SQL text giving one row (counted, out of), dict of values)
    """
    indicator = INDICATORS[code]
    values = {}
    both = ["TRUE"]
    if SCOPES[scope[0]]:
        both.append(f"{SCOPES[scope[0]]} = %(scope)s")
        values["scope"] = scope[1]
    counted = []
    for name in indicator.filters:
        if filters.get(name):
            condition = f"{_FILTER_COLUMNS[name]} = ANY(%({name})s)"
            # Cases of a kind are counted in time out of the cases of that kind, but per 100 of all orders.
            (both if indicator.source == indicator.out_of else counted).append(condition)
            values[name] = list(filters[name])

    def rows(source, condition, what, conditions):
        _names, code_of_rows = select(source, _EXTRA.get(source))
        where = " AND ".join([f"({condition})", *conditions])
        return f"(SELECT COUNT(DISTINCT {what}) FROM ({code_of_rows}) s WHERE {where})"

    numerator = rows(indicator.source, indicator.numerator, indicator.counted, both + counted)
    denominator = rows(indicator.out_of, indicator.denominator, "res_id", both)
    return f"SELECT {numerator}, {denominator}", values
