"""The records as recomputed beside the frozen ones: equal, changed since the report was written, or different.

A property that differs, but whose row has changed since the report was written, cannot be recomputed any more: there the
frozen value stands, and is counted as such.  Every other difference is one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .raw import Raw, Row

_ORDER = ("advisor_key", "order_kind", "brand_id")
_CASE = ("advisor_key", "user_id", "brand_id", "level", "case_kind_id")
#: By what the records of a source are counted.
COMPARED = {
    "callback": (
        *_ORDER,
        "user_id",
        "kind",
        "state",
        "day",
        "in_base",
        "is_made",
        "is_completed",
        "outcome_id",
        "score",
    ),
    "answer": (*_ORDER, "user_id", "kind", "question_key", "is_judged", "hit", "is_problem", "problem_category_id"),
    "attempt": (*_ORDER, "user_id", "kind", "outcome_id", "day", "hit"),
    "lost_call": ("user_id", "brand_id"),
    "lost_window": ("user_id", "brand_id", "hit"),
    "call_exception": ("user_id",),
    "second_exception": ("user_id",),
    "order": (*_ORDER, "hit"),
    "order_window": (*_ORDER, "hit"),
    "complaint": (*_CASE, "hit"),
    "handling": (*_CASE, "hit"),
    "handling_open": (*_CASE, "hit"),
    "reopened": _CASE,
    "second_call": (*_CASE, "hit"),
    "measure": ("user_id", "hit"),
    "action": ("user_id", "hit"),
    "exception": (),
}


@dataclass
class Settled:
    """The records to count, how many stand as frozen, and what differs (a sentence each)."""

    rows: list[Row] = field(default_factory=list)
    as_frozen: int = 0
    differences: list[str] = field(default_factory=list)


class Settler:
    """Settles the records of one report."""

    def __init__(self, raw: Raw, stamp: datetime, frozen: dict[tuple[str, int], Row]) -> None:
        self.raw, self.stamp, self.frozen = raw, stamp, frozen
        self.result = Settled()
        self._tables = {
            "callback": raw.callbacks,
            "lost_call": raw.callbacks,
            "lost_window": raw.callbacks,
            "call_exception": raw.callbacks,
            "order": raw.orders,
            "order_window": raw.orders,
            "answer": {row.id: row for row in raw.answers},
            "measure": {row.id: row for row in raw.measures},
            "action": raw.actions,
            "exception": {row.id: row for row in raw.approvals},
            **dict.fromkeys(
                ("complaint", "handling", "handling_open", "reopened", "second_call", "second_exception"),
                raw.complaints,
            ),
        }

    def since(self, moment: datetime | None) -> bool:
        """Tell whether a row has changed since the report was written."""
        return moment is not None and moment > self.stamp

    def settle(self, sources: Iterable[str], rows: Iterable[Row]) -> list[Row]:
        """Settle the records of some sources; returns those to count."""
        rows, settled = list(rows), []
        for row in rows:
            frozen = self.frozen.get((row.source, row.res_id))
            if frozen is None:
                if self.since(row.changed):
                    self.result.as_frozen += 1
                else:
                    self.result.differences.append(f"{row.source} {row.res_id}: counts by its rows, is not frozen")
                    settled.append(row)
                continue
            self._compare(row, frozen)
            settled.append(row)
        known, sources = {(row.source, row.res_id) for row in rows}, set(sources)
        for key, frozen in self.frozen.items():
            if key[0] in sources and key not in known:
                source, record = key
                now = self._tables.get(source, {}).get(record)
                if now is not None and self.since(now.write_date):
                    self.result.as_frozen += 1
                    settled.append(frozen)
                else:
                    why = "does not count by its rows" if now is not None else "its row is gone"
                    self.result.differences.append(f"{source} {record}: is frozen, {why}")
        self.result.rows += settled
        return settled

    def _compare(self, row: Row, frozen: Row) -> None:
        taken = False
        for name in COMPARED[row.source]:
            mine, theirs = plain(getattr(row, name)), plain(getattr(frozen, name))
            if mine == theirs:
                continue
            if self.since(row.stamps.get(name)):
                setattr(row, name, getattr(frozen, name))
                taken = True
            else:
                text = f"{row.source} {row.res_id}: {name} is {theirs!r} as frozen, {mine!r} by its rows"
                self.result.differences.append(text)
        self.result.as_frozen += taken


def plain(value: Any) -> Any:
    """Return a value in one form for nothing: an empty field and False are the same."""
    return value or None
