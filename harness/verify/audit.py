"""The audit of one store: its reports in the order of their writing, each figure beside the stored one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from . import frozen, ledger, measures
from .measures import Figure, Key
from .past import Past
from .raw import Raw, Row
from .settle import COMPARED, Settler
from .sources import Month

#: Dimensions in which callbacks must add up, or the report says that they do not.
PARTS = ("advisor", "agent", "day", "kind", "outcome", "brand")


@dataclass
class Line:
    """One figure: as stored and as recomputed; either is None when only the other is there."""

    key: Key
    stored: Row | None
    mine: Figure | None
    #: What else differs, in words (comparison with earlier months, unit).
    also: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the stored figure is right in every part."""
        return bool(self.stored and self.mine and not self.also) and same(self.stored, self.mine)


@dataclass
class Verdict:
    """What was found about one report."""

    report: Row
    lines: list[Line]
    records: int
    as_frozen: int
    differences: list[str]

    @property
    def wrong(self) -> list[Line]:
        """The figures that differ."""
        return [line for line in self.lines if not line.equal]

    @property
    def count(self) -> int:
        """How many differences; records that differ count alone only where no figure shows them."""
        return len(self.wrong) or len(self.differences)


def same(stored: Row, mine: Figure) -> bool:
    """Tell whether a stored figure equals a recomputed one; a value that is not defined has none."""
    value = stored.value if stored.is_defined else None
    return (stored.unit, stored.numerator or 0, stored.denominator or 0, stored.n or 0, value) == (
        *(mine.unit, mine.numerator, mine.denominator, mine.n),
        mine.value,
    )


class StoreAudit:
    """Audits the reports of one store."""

    def __init__(self, cursor: Any, company: int) -> None:
        self.cursor = cursor
        self.raw = Raw(cursor, company)
        self.past = Past(cursor)
        self.reports = frozen.reports(cursor, company)
        #: Recomputed figures by report, for the comparison with the months before.
        self._computed: dict[int, dict[Key, Figure]] = {}

    def contradictions(self) -> list[str]:
        """Return the columns that contradict their ledgers."""
        return list(ledger.contradictions(self.raw))

    def verdicts(self, report: int | None = None, month: date | None = None) -> Iterator[Verdict]:
        """Audit the reports that are wanted."""
        for row in frozen.wanted(self.reports, report, month):
            yield self._audit(row)

    def _earlier(self, report: Row, months: int) -> Row | None:
        """Return the latest report of an earlier month that was there when this one was written."""
        year, number = divmod(report.month.year * 12 + report.month.month - 1 - months, 12)
        then = date(year, number + 1, 1)
        found = [
            row
            for row in self.reports
            if row.month == then and (row.create_date, row.id) < (report.create_date, report.id)
        ]
        return max(found, key=lambda row: row.revision, default=None)

    def _recompute(self, report: Row) -> tuple[dict[Key, Figure], Settler, Month]:
        settler = Settler(self.raw, report.create_date, frozen.base(self.cursor, report.id))
        month = Month(self.raw, self.past, report)
        callbacks = settler.settle(["callback"], month.callbacks())
        counted = {row.res_id: row for row in callbacks if row.in_base}
        settler.settle(["answer"], month.answers(counted))
        others = {source for source, _record in settler.frozen} | COMPARED.keys()
        settler.settle(others - {"callback", "answer"}, month.others())
        before = self._earlier(report, 1)
        problems = self._figures(before).items() if before else ()
        vanished = [key for (_name, dimension, key), item in problems if dimension == "problem" and item.numerator]
        figures = measures.compute(settler.result.rows, report.satisfied_score, vanished)
        self._computed[report.id] = figures
        return figures, settler, month

    def _figures(self, report: Row) -> dict[Key, Figure]:
        if report.id not in self._computed:
            self._recompute(report)
        return self._computed[report.id]

    def _audit(self, report: Row) -> Verdict:
        mine, settler, month = self._recompute(report)
        stored = frozen.figures(self.cursor, report.id)
        lines = [Line(key, row, mine.get(key)) for key, row in stored.items()]
        lines += [Line(key, None, figure) for key, figure in mine.items() if key not in stored]
        earlier = {"previous": self._earlier(report, 1), "last_year": self._earlier(report, 12)}
        for line in lines:
            if line.stored:
                for name, other in earlier.items():
                    line.also += self._compared(line, name, other)
        differences = [*settler.result.differences, *self._of_report(report, month, mine)]
        return Verdict(report, lines, len(settler.result.rows), settler.result.as_frozen, differences)

    def _compared(self, line: Line, name: str, other: Row | None) -> Iterator[str]:
        """Give what is wrong about the comparison of a figure with an earlier month."""
        stored = line.stored
        assert stored is not None
        there = getattr(stored, f"has_{name}")
        value, n = (getattr(stored, name), getattr(stored, f"{name}_n") or 0) if there else (None, 0)
        wanted: tuple[Any, int] = (None, 0)
        if other and line.key[1] not in measures.NOT_COMPARED:
            figures = self._figures(other)
            figure = figures.get(line.key)
            if figure is not None:
                wanted = (figure.value, figure.n if figure.value is not None else 0)
            elif stored.unit == "count":
                # Nobody was counted there.
                wanted = (Decimal(0), 0)
            elif line.key[0] == "problem_share" and figures["problem_share", "total", ""].n:
                # There were problems, and this was none of them.
                wanted = (Decimal(0), figures["problem_share", "total", ""].n)
        if (value, n) != wanted and (value, n) != self._stored_then(line.key, other):
            yield f"{name} is {value} (n {n}), recomputed {wanted[0]} (n {wanted[1]})"

    def _stored_then(self, key: Key, other: Row | None) -> tuple[Any, int] | None:
        """Return what the earlier report says itself: an error there is shown there, and not once more here."""
        there = other and frozen.figures(self.cursor, other.id).get(key)
        return (there.value, there.n) if there and there.is_defined else None

    def _of_report(self, report: Row, month: Month, mine: dict[Key, Figure]) -> Iterator[str]:
        """Give what is wrong about the report itself."""
        settings = self.raw.settings
        if report.timezone != settings.timezone and settings.calendar_changed <= report.create_date:
            yield f"report: time zone is {report.timezone}, that of the store's calendar is {settings.timezone}"
        wanted = (month.first, month.last, month.start, month.end)
        if (report.date_from, report.date_to, report.moment_from, report.moment_to) != wanted:
            yield f"report: the month is {report.moment_from} to {report.moment_to}, should be {month.start} to {month.end}"
        adds_up = all(
            sum(figure.numerator for (name, dimension, _key), figure in mine.items() if (name, dimension) == pair)
            == mine[pair[0], "total", ""].numerator
            for pair in [(name, part) for name in ("due", "made", "successful") for part in PARTS]
            if mine[pair[0], "total", ""].denominator
        )
        if bool(report.is_reconciled) != adds_up:
            yield f"report: is_reconciled is {report.is_reconciled}, the recomputed parts say {adds_up}"
