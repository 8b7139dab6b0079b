"""What a person reads: a table of counts, every difference, and with ``--all`` every figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from .audit import Line, Verdict


def title(company: str, verdict: Verdict) -> str:
    """Return the headline of a report."""
    report = verdict.report
    revision = f", revision {report.revision}" if report.revision else ""
    text = f"{company}, {report.month:%Y-%m}{revision} (report {report.id}), written {report.date_written} UTC"
    return f"{text}: {verdict.records} records, {verdict.as_frozen} changed since and taken as frozen"


def _number(value: Any) -> str:
    return "–" if value is None else f"{value.normalize():f}"


def _stored(line: Line) -> str:
    row = line.stored
    if row is None:
        return "missing"
    value = row.value if row.is_defined else None
    return f"{row.numerator}/{row.denominator} n={row.n} {_number(value)}"


def _mine(line: Line) -> str:
    figure = line.mine
    if figure is None:
        return "none"
    return f"{figure.numerator}/{figure.denominator} n={figure.n} {_number(figure.value)}"


def figure(line: Line) -> str:
    """Return one figure as a line of text."""
    name = " ".join(filter(None, line.key))
    if line.equal:
        return f"  equal      {name}: {_stored(line)}"
    also = "".join(f"; {text}" for text in line.also)
    return f"  DIFFERENT  {name}: stored {_stored(line)}, recomputed {_mine(line)}{also}"


def report(company: str, verdict: Verdict, *, everything: bool) -> Iterable[str]:
    """Give the lines about one report."""
    yield title(company, verdict)
    if everything:
        yield from map(figure, verdict.lines)
    else:
        yield from map(figure, verdict.wrong)
    for text in verdict.differences:
        yield f"  record     {text}"


def table(lines: Iterable[Line]) -> Iterable[str]:
    """Give a table of how many figures of each measure are equal, and how many are not."""
    total: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for line in lines:
        total[line.key[0]] += 1
        wrong[line.key[0]] += not line.equal
    width = max(map(len, total), default=7)
    yield f"  {'measure':<{width}}  figures  equal  different"
    for name, number in total.items():
        yield f"  {name:<{width}}  {number:7}  {number - wrong[name]:5}  {wrong[name]:9}"
