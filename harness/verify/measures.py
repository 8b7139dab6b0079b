"""The figures: what each counts, by what, and how its value is rounded.

Written from section 7 of the domain text; the names of figures and dimensions are those of ``docs/figures.md``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from .raw import Row

Test = Callable[[Row], bool]
Key = tuple[str, str, str]

WHO = ("advisor", "agent", "kind", "order_kind", "brand")
CASE = ("advisor", "agent", "case_kind", "brand", "level")
ORDER = ("advisor", "order_kind", "brand")
#: The record's property behind each dimension.
PROPERTY = {
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
#: Dimensions whose parts are shares of the whole: each has the total as its denominator.
SHARES = {"score_share": "score", "problem_share": "problem"}
#: What a customer can give: each score has a share, also one that nobody gave.
SCORES = ("1", "2", "3", "4", "5")
#: Measures of which the whole says nothing.
NO_TOTAL = ("score_share",)
#: Dimensions whose keys belong to one month: there is nothing to compare them with.
NOT_COMPARED = ("day",)


def is_in_base(row: Row) -> bool:
    """A callback that the month had to make."""
    return bool(row.in_base)


def is_made(row: Row) -> bool:
    """Tried at least once."""
    return bool(row.in_base and row.is_made)


def is_successful(row: Row) -> bool:
    """Made, with a completed questionnaire."""
    return bool(row.in_base and row.is_completed)


def is_scored(row: Row) -> bool:
    """Successful, and the customer gave a score for the last repair."""
    return bool(row.in_base and row.is_completed and row.score)


def hit(row: Row) -> bool:
    """What the source calls a hit."""
    return bool(row.hit)


def every(row: Row) -> bool:
    """Any record of the source."""
    return True


def in_state(state: str) -> Test:
    """Return the test for a callback of the base in that state."""
    return lambda row: bool(row.in_base and row.state == state)


@dataclass(frozen=True)
class Measure:
    """``numerator`` and ``denominator`` are a source and a test on its records."""

    unit: str
    numerator: tuple[str, Test]
    denominator: tuple[str, Test] | None
    dimensions: tuple[str, ...]
    weight: str | None = None


def definitions(satisfied_score: int) -> dict[str, Measure]:
    """Return all measures; a score counts as satisfied from ``satisfied_score`` on."""
    base = ("callback", is_in_base)
    scored = ("callback", is_scored)
    problem = ("answer", lambda row: bool(row.is_problem))
    judged = ("answer", lambda row: bool(row.is_judged))
    count, percent = "count", "percent"

    def satisfied(row: Row) -> bool:
        return is_scored(row) and int(row.score) >= satisfied_score

    def of(source: str, test: Test = every) -> tuple[str, Test]:
        return source, test

    return {
        "due": Measure(count, base, base, (*WHO, "outcome", "day")),
        "made": Measure(count, of("callback", is_made), base, (*WHO, "outcome", "day")),
        "made_rate": Measure(percent, of("callback", is_made), base, WHO),
        "successful": Measure(count, of("callback", is_successful), base, (*WHO, "outcome", "day")),
        "success_rate": Measure(percent, of("callback", is_successful), base, WHO),
        "cancelled": Measure(count, of("callback", lambda row: not row.in_base), None, WHO),
        "missed": Measure(count, of("callback", in_state("missed")), base, WHO),
        "unreachable": Measure(count, of("callback", in_state("unreachable")), base, WHO),
        "refused": Measure(count, of("callback", in_state("refused")), base, WHO),
        "attempts": Measure(count, of("attempt"), None, ("agent", "kind", "outcome", "day")),
        "connect_rate": Measure(percent, of("attempt", hit), of("attempt"), (*WHO, "day")),
        "satisfaction_mean": Measure("mean", scored, scored, WHO, weight="score"),
        "satisfied_rate": Measure(percent, of("callback", satisfied), scored, WHO),
        "score_share": Measure(percent, scored, scored, ("score",)),
        "question_good": Measure(
            percent, of("answer", lambda row: bool(row.is_judged and row.hit)), judged, (*WHO, "question")
        ),
        "problem_share": Measure(percent, problem, problem, ("problem",)),
        "problems": Measure(count, problem, None, WHO),
        "complaints": Measure(count, of("complaint", hit), None, CASE),
        "grievances": Measure(count, of("complaint", lambda row: not row.hit), None, CASE),
        "complaints_per_100": Measure("per_hundred", of("complaint", hit), of("order"), ("advisor", "brand")),
        "handled_in_time": Measure(percent, of("handling", hit), of("handling"), CASE),
        "handling_late": Measure(count, of("handling_open", hit), of("handling_open"), CASE),
        "reopened": Measure(count, of("reopened"), None, CASE),
        "second_satisfied": Measure(percent, of("second_call", hit), of("second_call"), CASE),
        "orders": Measure(count, of("order"), None, ORDER),
        "comebacks": Measure(count, of("order", hit), of("order"), ORDER),
        "first_time_fix": Measure(percent, of("order_window", hit), of("order_window"), ORDER),
        "lost_called": Measure(count, of("lost_call"), None, ("agent", "brand")),
        "lost_returned": Measure(percent, of("lost_window", hit), of("lost_window"), ("agent", "brand")),
        "overdue_measures": Measure(count, of("measure", hit), of("measure"), ("agent",)),
        "effective_measures": Measure(percent, of("action", hit), of("action"), ("agent",)),
        "exceptions": Measure(count, of("exception"), None, ()),
        "call_exceptions": Measure(count, of("call_exception"), None, ("agent",)),
        "second_exceptions": Measure(count, of("second_exception"), None, ("agent",)),
    }


@dataclass(frozen=True)
class Figure:
    """One figure, computed; ``value`` is None where there is none."""

    unit: str
    numerator: int
    denominator: int
    n: int
    value: Decimal | None


def figure(measure: Measure, numerator: int, denominator: int) -> Figure:
    """Return the figure with its value."""
    if measure.denominator is None:
        return Figure(measure.unit, numerator, 0, numerator, Decimal(numerator))
    value: Decimal | None = None
    if measure.unit == "count":
        value = Decimal(numerator)
    elif denominator:
        factor, places = (1, "0.01") if measure.unit == "mean" else (100, "0.1")
        # Decimal's division is exact enough: 28 digits before a rounding to two.
        value = (Decimal(factor * numerator) / Decimal(denominator)).quantize(Decimal(places), ROUND_HALF_UP)
    return Figure(measure.unit, numerator, denominator, denominator, value)


def compute(rows: Iterable[Row], satisfied_score: int, vanished: Iterable[str] = ()) -> dict[Key, Figure]:
    """Count all figures.

    :param vanished: keys of problem categories that the month before had, and that are kept with zero
    """
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_source[row.source].append(row)
    result: dict[Key, Figure] = {}
    for name, measure in definitions(satisfied_score).items():
        above = _chosen(by_source, measure.numerator)
        below = _chosen(by_source, measure.denominator) if measure.denominator else []
        if name not in NO_TOTAL:
            result[name, "total", ""] = figure(measure, _sum(above, measure.weight), len(below))
        for dimension in measure.dimensions:
            parts = _parts(above, dimension)
            wholes = _parts(below, dimension)
            keys = parts.keys() | wholes.keys()
            kept = {"problem": set(vanished), "score": set(SCORES if below else ())}.get(dimension, set())
            for key in keys | kept:
                bottom = len(below) if SHARES.get(name) == dimension else len(wholes.get(key, ()))
                top = _sum(parts.get(key, ()), measure.weight)
                if top or bottom or key in kept:
                    result[name, dimension, key] = figure(measure, top, bottom)
    return result


def _chosen(rows: dict[str, list[Row]], which: tuple[str, Test]) -> list[Row]:
    source, test = which
    return [row for row in rows.get(source, ()) if test(row)]


def _sum(rows: Iterable[Row], weight: str | None) -> int:
    return sum(int(getattr(row, weight)) if weight else 1 for row in rows)


def _parts(rows: Iterable[Row], dimension: str) -> dict[str, list[Row]]:
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        value = getattr(row, PROPERTY[dimension], None)
        parts["" if value in (None, False) else str(value)].append(row)
    return parts
