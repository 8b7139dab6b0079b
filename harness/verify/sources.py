"""The records that a month counts, each with what it is counted by, as they were when the report was written.

Ledgers (calls, answers, clock events, hand-overs) are read up to that moment; tracked fields are taken back to it.
What can be neither has a stamp: ``stamps`` says for a property when the row that it was read from last changed, and
``changed`` the same for whether the record counts at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from . import clock
from .past import Past
from .raw import Raw, Row

CALLBACK, COMPLAINT = "aftersales.callback", "aftersales.complaint"
ORDER, VEHICLE = "aftersales.repair.order", "aftersales.vehicle"
#: Reasons of a cancellation that leave the base: all that are listed, but not "other".
NO_REASON = (None, "", "other")


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a store's day in UTC, without its zone, as the database keeps it."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc).replace(tzinfo=None)


class Month:
    """One report's month of one store, seen from the moment when the report was written."""

    def __init__(self, raw: Raw, past: Past, report: Row) -> None:
        self.raw, self.past, self.report = raw, past, report
        self.zone = ZoneInfo(report.timezone or "UTC")
        self.first = report.month.replace(day=1)
        self.next_first = (self.first + timedelta(days=32)).replace(day=1)
        self.last = self.next_first - timedelta(days=1)
        self.start, self.end = day_start(self.first, self.zone), day_start(self.next_first, self.zone)
        #: The moment by the clock of the store, and by the clock that stamps rows.
        self.written, self.stamp = report.date_written, report.create_date

    # Help ----------------------------------------------------------------

    def inside(self, moment: datetime | None) -> bool:
        """Tell whether something happened in the month, before the report was written."""
        return moment is not None and self.start <= moment < self.end and moment <= self.written

    def ends_inside(self, moment: datetime) -> bool:
        """Tell whether a window ends in the month."""
        return self.start <= moment < self.end

    def existed(self, row: Row) -> bool:
        """Tell whether a row had been entered."""
        return row.create_date is None or row.create_date <= self.stamp

    def then(self, model: str, row: Row, name: str) -> Any:
        """Return a field's value of then."""
        return self.past.value(model, row, name, self.stamp)

    def local_day(self, moment: datetime) -> date:
        """Return the store's day of a moment."""
        return moment.replace(tzinfo=timezone.utc).astimezone(self.zone).date()

    def record(self, source: str, row: Row, **properties: Any) -> Row:
        """Return a record of a source; a property may come with its stamp as ``name=(value, stamp)``."""
        stamps = {}
        for name, value in properties.items():
            if isinstance(value, tuple):
                properties[name], stamps[name] = value
        return Row(source=source, res_id=row.id, stamps=stamps, **{"callback_id": None, "changed": None, **properties})

    def of_order(self, order_id: int | None, *, kind: bool = True) -> dict[str, Any]:
        """Return the advisor and the order's kind."""
        order = self.raw.orders.get(order_id)
        if not order:
            return {"advisor_key": "", **({"order_kind": None} if kind else {})}
        name = (order.advisor_name or "").strip()
        key = str(order.advisor_id) if order.advisor_id else f"name:{name}" if name else ""
        result = {"advisor_key": (key, order.write_date)}
        if kind:
            result["order_kind"] = (self.then(ORDER, order, "kind"), order.write_date)
        return result

    def of_vehicle(self, vehicle_id: int | None) -> dict[str, Any]:
        """Return the brand."""
        vehicle = self.raw.vehicles.get(vehicle_id)
        if not vehicle:
            return {"brand_id": None}
        return {"brand_id": (self.raw.brand_of_model.get(self.then(VEHICLE, vehicle, "model_id")), vehicle.write_date)}

    def agent(self, callback_id: int | None) -> tuple[int | None, datetime | None]:
        """Return who had a callback in hand; plans move calls without leaving a trace but the stamp."""
        callback = self.raw.callbacks.get(callback_id)
        return (self.then(CALLBACK, callback, "user_id"), callback.write_date) if callback else (None, None)

    def calls(self, callback: Row) -> list[Row]:
        """Return the attempts of a callback up to the moment of writing."""
        attempts = self.raw.attempts_of.get(callback.id, ())
        return [row for row in attempts if self.existed(row) and row.date_attempt <= self.written]

    def order_stood(self, order: Row) -> bool:
        """Tell whether an order was there and not cancelled."""
        return self.existed(order) and self.then(ORDER, order, "state") != "cancelled"

    def delivered(self) -> Iterator[tuple[Row, datetime]]:
        """Give the delivered orders with the moment of delivery."""
        for order in self.raw.orders.values():
            if self.existed(order) and self.then(ORDER, order, "state") == "delivered":
                out = self.then(ORDER, order, "date_out")
                if out:
                    yield order, out

    # Callbacks -----------------------------------------------------------

    def callbacks(self) -> Iterator[Row]:
        """Give the callbacks that are due in the month."""
        for row in self.raw.callbacks.values():
            if not (self.existed(row) and self.first <= row.date_due <= self.last):
                continue
            calls = self.calls(row)
            state = self.then(CALLBACK, row, "state")
            reason = self.then(CALLBACK, row, "cancel_reason")
            score, score_stamp = None, None
            for answer in self.raw.answers_of.get(row.id, ()):
                if answer.is_satisfaction and self.existed(answer):
                    score, score_stamp = answer.value_score or None, answer.write_date
            yield self.record(
                "callback",
                row,
                callback_id=row.id,
                user_id=self.agent(row.id),
                kind=row.kind,
                state=state,
                day=(row.date_due, row.write_date),
                in_base=not (state == "cancelled" and reason not in NO_REASON),
                is_made=bool(calls),
                is_completed=any(call.next_step == "complete" for call in calls),
                outcome_id=calls[-1].outcome_id if calls else None,
                score=(score, score_stamp),
                changed=row.write_date,
                **self.of_order(row.repair_order_id),
                **self.of_vehicle(row.vehicle_id),
            )

    def answers(self, counted: dict[int, Row]) -> Iterator[Row]:
        """Give the answers of the callbacks that count (``counted``, by id, as settled)."""
        for callback_id, callback in counted.items():
            for row in self.raw.answers_of.get(callback_id, ()):
                if not (row.is_answered and self.existed(row)):
                    continue
                good, problem = meaning(row)
                judged = row.kind != "text" and not (row.kind == "yes_no" and not row.problem_answer)
                if row.kind != "text" or problem:
                    yield self.record(
                        "answer",
                        row,
                        callback_id=callback_id,
                        question_key=row.code or str(row.question_id),
                        is_judged=judged,
                        hit=(good, row.write_date),
                        is_problem=(problem, row.write_date),
                        problem_category_id=(row.category_of_question if problem else None, row.write_date),
                        changed=row.write_date,
                        **{name: getattr(callback, name) for name in ("advisor_key", "user_id", "kind")},
                        **{name: getattr(callback, name) for name in ("order_kind", "brand_id")},
                    )

    def attempts(self) -> Iterator[Row]:
        """Give the calls that were made in the month."""
        for row in self.raw.attempts:
            if self.existed(row) and self.inside(row.date_attempt):
                callback = self.raw.callbacks[row.callback_id]
                yield self.record(
                    "attempt",
                    row,
                    callback_id=callback.id,
                    user_id=row.user_id,
                    kind=callback.kind,
                    outcome_id=row.outcome_id,
                    day=self.local_day(row.date_attempt),
                    hit=row.outcome_class == "reached",
                    **self.of_order(callback.repair_order_id),
                    **self.of_vehicle(callback.vehicle_id),
                )

    def lost(self) -> Iterator[Row]:
        """Give the lost customers that were spoken to in the month, and those whose time to return ended in it."""
        window = timedelta(days=self.report.return_days or self.raw.settings.return_days)
        for row in self.raw.callbacks.values():
            if row.kind != "absent" or not row.date_done or not self.existed(row) or row.date_done > self.written:
                continue
            if self.then(CALLBACK, row, "state") != "done":
                continue
            shared = {"callback_id": row.id, "user_id": self.agent(row.id), **self.of_vehicle(row.vehicle_id)}
            if self.inside(row.date_done):
                yield self.record("lost_call", row, **shared)
            if self.ends_inside(row.date_done + window):
                orders = self.raw.orders_of_vehicle.get(row.vehicle_id, ()) if row.vehicle_id else ()
                visits = [
                    order
                    for order in orders
                    if self.order_stood(order) and row.date_done < order.date_in <= row.date_done + window
                ]
                stamp = max((order.write_date for order in orders), default=None)
                yield self.record("lost_window", row, hit=(bool(visits), stamp), **shared)

    def call_exceptions(self) -> Iterator[Row]:
        """Give the callbacks that somebody was allowed to make about his own work, last tried in the month."""
        for row in self.raw.callbacks.values():
            if self.existed(row) and self.then(CALLBACK, row, "independence_exception"):
                calls = self.calls(row)
                if calls and self.inside(calls[-1].date_attempt):
                    yield self.record("call_exception", row, callback_id=row.id, user_id=self.agent(row.id))

    # Orders --------------------------------------------------------------

    def orders(self) -> Iterator[Row]:
        """Give the orders that were delivered in the month, and those whose time to come back ended in it."""
        window = timedelta(days=self.report.comeback_days or self.raw.settings.comeback_days)
        for row, out in self.delivered():
            shared = {"changed": row.write_date, **self.of_order(row.id), **self.of_vehicle(row.vehicle_id)}
            if self.ends_inside(out):
                came_back = bool(self.then(ORDER, row, "comeback_of_id"))
                yield self.record("order", row, hit=(came_back, row.write_date), **shared)
            if self.ends_inside(out + window):
                later = self.raw.comebacks_of.get(row.id, ())
                back = any(self.order_stood(order) and order.date_in <= out + window for order in later)
                stamp = max((order.write_date for order in later), default=None)
                yield self.record("order_window", row, hit=(not back, stamp), **shared)

    # Complaints ----------------------------------------------------------

    def complaints(self) -> Iterator[Row]:
        """Give the complaints and grievances in all the ways in which a month counts them."""
        handling = {row.res_id: row for row in self.raw.clocks.values()}
        for row in self.raw.complaints.values():
            if not self.existed(row):
                continue
            shared = {
                "callback_id": row.callback_id,
                "user_id": self.agent(row.callback_id),
                "level": self.then(COMPLAINT, row, "level"),
                "case_kind_id": self.then(COMPLAINT, row, "kind_id"),
                "changed": row.write_date,
                **self.of_order(row.repair_order_id, kind=False),
                **self.of_vehicle(row.vehicle_id),
            }
            if self.then(COMPLAINT, row, "state") != "merged":
                if self.inside(row.date_received):
                    yield self.record(
                        "complaint", row, hit=self.then(COMPLAINT, row, "nature") == "complaint", **shared
                    )
                if row.id in handling:
                    yield from self.handled(row, handling[row.id], shared)
            # Whoever takes a case up again starts a custody that nobody handed over; the first such is the intake.
            again = self.raw.custody_of.get(row.id, [])[1:]
            if any(self.existed(hand) and self.inside(hand.date_from) for hand in again):
                yield self.record("reopened", row, **shared)
            satisfied = self.then(COMPLAINT, row, "second_satisfied")
            if satisfied and self.inside(row.date_second_callback):
                caller = {"user_id": (row.second_caller_id, row.write_date)}
                yield self.record("second_call", row, hit=satisfied == "yes", **{**shared, **caller})
                if self.then(COMPLAINT, row, "second_exception"):
                    yield self.record("second_exception", row, **{**shared, **caller})

    def handled(self, complaint: Row, handle: Row, shared: dict[str, Any]) -> Iterator[Row]:
        """Give a complaint whose handling clock ended in the month, or was still open at its end."""
        known = [event for event in self.raw.events_of.get(handle.id, ()) if self.existed(event)]
        known = [event for event in known if event.date_event <= self.written]
        # How it stood when the month ended: a case that is taken up again later was handled all the same.
        end = clock.replay(event for event in known if event.date_event < self.end)
        if end.stopped and self.inside(end.stopped):
            yield self.record("handling", complaint, hit=not end.breached, **shared)
        if end.state in ("running", "paused"):
            now = clock.replay(known)
            deadline, stamp = now.deadline(), None
            if deadline is None and now.state != "paused" and now.granted is None:
                # Working time: only the addon knows the calendar.
                deadline, stamp = handle.date_deadline, handle.write_date
            late = deadline < self.end if deadline else now.breached
            yield self.record("handling_open", complaint, hit=(late, stamp), **shared)

    # Measures, exceptions ------------------------------------------------

    def actions(self) -> Iterator[Row]:
        """Give the actions that were closed in the month with a conclusion, and the open measures of the others."""
        for row in self.raw.actions.values():
            if self.existed(row) and self.inside(row.date_closed) and row.effective:
                yield self.record(
                    "action",
                    row,
                    hit=(row.effective == "yes", row.write_date),
                    user_id=(row.responsible_id, row.write_date),
                    changed=row.write_date,
                )
        limit = min(self.end, self.written)
        for row in self.raw.measures:
            action = self.raw.actions[row.action_id]
            signed = action.date_signed and action.date_signed <= limit and action.state != "cancelled"
            closed = action.date_closed and action.date_closed <= limit
            done = row.date_done and row.date_done <= self.last
            if self.existed(row) and signed and not closed and not done:
                yield self.record(
                    "measure",
                    row,
                    hit=(bool(row.date_deadline and row.date_deadline < self.last), row.write_date),
                    user_id=(row.responsible_id, row.write_date),
                    changed=max(row.write_date, action.write_date),
                )

    def exceptions(self) -> Iterator[Row]:
        """Give the decisions of the month that were an exception to the independence rules."""
        for row in self.raw.approvals:
            if self.existed(row) and self.inside(row.date_decided) and (row.exception_reason or "").strip():
                yield self.record("exception", row, changed=row.write_date)

    def others(self) -> Iterator[Row]:
        """Give all records but callbacks and answers."""
        for part in (self.attempts, self.lost, self.call_exceptions, self.orders, self.complaints):
            yield from part()
        yield from self.actions()
        yield from self.exceptions()


def meaning(answer: Row) -> tuple[bool, bool]:
    """Return whether an answer is good and whether it is a problem, from the value and the question."""
    if answer.kind == "yes_no":
        bad = answer.problem_answer
        return bool(bad) and answer.value_yes_no != bad, answer.value_yes_no == bad
    if answer.kind in ("score5", "score10"):
        return answer.value_score >= answer.good_threshold, answer.value_score < answer.problem_threshold
    if answer.kind == "choice":
        return not answer.choice_is_problem, bool(answer.choice_is_problem)
    return False, bool(answer.is_problem_text and (answer.value_text or "").strip())
