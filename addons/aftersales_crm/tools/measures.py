"""The figures of the monthly report: what each one counts, in one place.

A figure is two conditions on the rows of the report's frozen base (``aftersales.monthly.base``): which rows it counts
(the numerator) and out of which (the denominator). The same conditions compute the figure, open its records and feed
the check, so that the three can never disagree. `docs/figures.md` says in words what the rows of each source are.
"""

from typing import NamedTuple

# Dimension: column of the base that it groups by ("total" groups by nothing)
DIMENSION_COLUMNS = {
    "total": None,
    "advisor": "advisor_key",
    "agent": "user_id",
    "kind": "kind",
    "order_kind": "order_kind",
    "brand": "brand_id",
    "level": "level",
    "case_kind": "case_kind_id",
    "question": "question_key",
    "problem": "problem_category_id",
    "score": "score",
    "outcome": "outcome_id",
    "day": "day",
}
# What a click may ask for beside them: by the weekday of the row, Monday is 1
FILTER_COLUMNS = {**DIMENSION_COLUMNS, "weekday": "EXTRACT(ISODOW FROM day)"}

_CALLBACK = ("total", "advisor", "agent", "kind", "order_kind", "brand")
_FLOW = (*_CALLBACK, "outcome", "day")
_ORDER = ("total", "advisor", "order_kind", "brand")
_CASE = ("total", "advisor", "agent", "case_kind", "brand", "level")
_PERSON = ("total", "agent")


class Measure(NamedTuple):
    """One figure.

    :param source: source of the rows that the numerator counts
    :param numerator: SQL condition on them
    :param denominator: SQL condition on the rows of `denominator_source`; None where the figure is a plain count
    :param unit: ``count``, ``percent``, ``mean`` (sum of the scores over n) or ``per_hundred``
    :param dimensions: by what the figure is split
    :param share: the denominator is the count of the whole store in every row (a distribution)
    """

    source: str
    numerator: str
    denominator: str | None
    unit: str
    dimensions: tuple
    share: bool = False
    denominator_source: str | None = None

    @property
    def sources(self):
        return {self.source, self.denominator_source or self.source}


MEASURES = {
    # Funnel
    "due": Measure("callback", "in_base", "in_base", "count", _FLOW),
    "made": Measure("callback", "in_base AND is_made", "in_base", "count", _FLOW),
    "made_rate": Measure("callback", "in_base AND is_made", "in_base", "percent", _CALLBACK),
    "successful": Measure("callback", "in_base AND is_completed", "in_base", "count", _FLOW),
    "success_rate": Measure("callback", "in_base AND is_completed", "in_base", "percent", _CALLBACK),
    "cancelled": Measure("callback", "NOT in_base", None, "count", _CALLBACK),
    "missed": Measure("callback", "in_base AND state = 'missed'", "in_base", "count", _CALLBACK),
    "unreachable": Measure("callback", "in_base AND state = 'unreachable'", "in_base", "count", _CALLBACK),
    "refused": Measure("callback", "in_base AND state = 'refused'", "in_base", "count", _CALLBACK),
    "attempts": Measure("attempt", "TRUE", None, "count", ("total", "agent", "kind", "outcome", "day")),
    "connect_rate": Measure("attempt", "hit", "TRUE", "percent", (*_CALLBACK, "day")),
    # What the customers said
    "satisfaction_mean": Measure(
        "callback",
        "in_base AND is_completed AND score > 0",
        "in_base AND is_completed AND score > 0",
        "mean",
        _CALLBACK,
    ),
    "satisfied_rate": Measure(
        "callback",
        "in_base AND is_completed AND score > 0 AND hit",
        "in_base AND is_completed AND score > 0",
        "percent",
        _CALLBACK,
    ),
    "score_share": Measure(
        "callback",
        "in_base AND is_completed AND score > 0",
        "in_base AND is_completed AND score > 0",
        "percent",
        ("score",),
        share=True,
    ),
    "question_good": Measure("answer", "is_judged AND hit", "is_judged", "percent", (*_CALLBACK, "question")),
    "problem_share": Measure("answer", "is_problem", "is_problem", "percent", ("total", "problem"), share=True),
    "problems": Measure("answer", "is_problem", None, "count", _CALLBACK),
    # Complaints
    "complaints": Measure("complaint", "hit", None, "count", _CASE),
    "grievances": Measure("complaint", "NOT hit", None, "count", _CASE),
    "complaints_per_100": Measure(
        "complaint", "hit", "TRUE", "per_hundred", ("total", "advisor", "brand"), denominator_source="order"
    ),
    "handled_in_time": Measure("handling", "hit", "TRUE", "percent", _CASE),
    "handling_late": Measure("handling_open", "hit", "TRUE", "count", _CASE),
    "reopened": Measure("reopened", "TRUE", None, "count", _CASE),
    "second_satisfied": Measure("second_call", "hit", "TRUE", "percent", _CASE),
    # Workshop
    "orders": Measure("order", "TRUE", None, "count", _ORDER),
    "comebacks": Measure("order", "hit", "TRUE", "count", _ORDER),
    "first_time_fix": Measure("order_window", "hit", "TRUE", "percent", _ORDER),
    # Lost customers
    "lost_called": Measure("lost_call", "TRUE", None, "count", ("total", "agent", "brand")),
    "lost_returned": Measure("lost_window", "hit", "TRUE", "percent", ("total", "agent", "brand")),
    # Measures and order
    "overdue_measures": Measure("measure", "hit", "TRUE", "count", _PERSON),
    "effective_measures": Measure("action", "hit", "TRUE", "percent", _PERSON),
    "exceptions": Measure("exception", "TRUE", None, "count", ("total",)),
    "call_exceptions": Measure("call_exception", "TRUE", None, "count", _PERSON),
    "second_exceptions": Measure("second_exception", "TRUE", None, "count", _PERSON),
}

# What a customer can give, best last
SCORES = ("1", "2", "3", "4", "5")

# A distribution, and the measure whose total has its whole as n
SHARED_OUT = {"score_share": "satisfaction_mean", "problem_share": "problem_share"}

# Sources that share a statement: their measures look at each other's rows
FAMILIES = (
    ("callback",),
    ("attempt",),
    ("answer",),
    ("complaint", "order", "order_window", "handling", "handling_open", "reopened", "second_call"),
    ("lost_call", "lost_window", "measure", "action", "exception", "call_exception", "second_exception"),
)

# Figures whose parts must add up to the total, by each of these dimensions
RECONCILED = {
    "due": ("advisor", "agent", "day", "kind", "outcome", "brand"),
    "made": ("advisor", "agent", "day", "kind", "outcome", "brand"),
    "successful": ("advisor", "agent", "day", "kind", "outcome", "brand"),
    "attempts": ("agent", "day", "kind", "outcome"),
}


def family_measures(family):
    return {code: measure for code, measure in MEASURES.items() if measure.source in family}


def part_source(code, part):
    """The source whose rows the numerator or the denominator of a figure counts."""
    measure = MEASURES[code]
    return measure.source if part == "numerator" else measure.denominator_source or measure.source


def part_condition(code, part, keys):
    """The rows of a figure's numerator or denominator, as an SQL condition on rows of `part_source`.

    :param str part: ``numerator`` or ``denominator``; the latter of a plain count is a KeyError
    :param dict keys: ``{dimension: key}``, those of `FILTER_COLUMNS`; the whole of a share is not narrowed
    :return: (SQL text with ``%s``, its parameters)
    """
    measure = MEASURES[code]
    condition = measure.numerator if part == "numerator" else measure.denominator
    if condition is None:
        raise KeyError(part)
    conditions, parameters = [f"({condition})"], []
    for dimension, key in keys.items():
        column = FILTER_COLUMNS[dimension]
        if column and not (part == "denominator" and measure.share):
            conditions.append(f"COALESCE({column}::text, '') = %s")
            parameters.append(key)
    return " AND ".join(conditions), parameters


def rate(numerator, denominator, unit):
    """The figure as it is shown, or None where there is nothing to divide by.

    Whole-number arithmetic, halves away from zero: the same digits on every machine.
    """
    if unit == "count":
        return float(numerator)
    if not denominator:
        return None
    scale, digits = {"percent": (100, 1), "per_hundred": (100, 1), "mean": (1, 2)}[unit]
    shift = 10**digits
    return (2 * numerator * scale * shift + denominator) // (2 * denominator) / shift
