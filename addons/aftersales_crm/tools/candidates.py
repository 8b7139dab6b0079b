"""Whom the plan of a month calls: the rows that it looks at, and why each one is in or out. Knows no database."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from .planner import Call

_ROW = {
    "kind": "repair",
    "absent_stage": None,
    "repair_order_id": None,
    "vehicle_id": None,
    "partner_id": None,
    "callback_id": None,
    "user_id": None,
    "date_planned": None,
    "time_preference": "any",
    "reason_code": None,  # why it is in or out; None until it is judged
    "is_included": False,
    "is_short": False,
    "explanation": None,
    "involved": frozenset(),  # users who must not make this call
    "first": None,  # the first day on which it may be made
    "note": "",
}


def new_row(**values):
    """A candidate: a dictionary, because thousands of them go straight into one statement."""
    return {**_ROW, **values}


def stands(row, places):
    """Whether a planned callback can stay where it is: one of the places, a fit agent, inside its window."""
    return (
        (row["user_id"], row["date_planned"]) in places
        and row["user_id"] not in row["involved"]
        and row["first"] <= row["date_planned"] <= row["date_expiry"]
    )


def calls_to_place(rows, slots, spread):
    """Say which candidates need a place, and what stays where it is.

    :param list[dict] rows: judged candidates (`new_row`); those of callbacks that there are also say `is_movable`
    :param list[Slot] slots: the places that there are
    :param timedelta spread: from the due day on, the days that are filled before those kept for retries
    :return: list of `Call`, whose key is the number of the row; Counter of (agent, day) of what stands well
    """
    places = {(slot.agent, slot.day) for slot in slots}
    # Agents outside the involved set only: a class per set of agents, not per set of technicians.
    agents = {slot.agent for slot in slots}
    standing, calls = Counter(), []
    for number, row in enumerate(rows):
        if not row["is_included"] or row["reason_code"] == "in_missed":
            continue
        if row["callback_id"] and (not row["is_movable"] or stands(row, places)):
            standing[row["user_id"], row["date_planned"]] += 1
            continue
        first, latest = row["first"], row["date_expiry"]
        last = min(latest, max(first, row["date_due"] + spread))
        calls.append(Call(number, first, last, latest, row["time_preference"], frozenset(row["involved"] & agents)))
    return calls, standing


def put_in_place(rows, plan):
    """Write into the rows where the planner has put them; those without room lose agent and day, and say so."""
    for number, placement in plan.placements.items():
        rows[number].update(
            user_id=placement.agent,
            date_planned=placement.day,
            is_late=placement.is_late,
            is_preference_kept=placement.is_preference_kept,
            load=plan.loads[placement.agent, placement.day],
        )
    for number in plan.short:
        rows[number].update(user_id=None, date_planned=None, is_short=True)


@dataclass
class Judge:
    """What is known of the customers of a month; it grows with each candidate that is taken in."""

    today: date
    cooldown: timedelta  # between two calls of a customer
    absent_left: int  # absent customers that may still be taken in
    blocked: set  # partners who must not be called
    given: set  # partners with a consent on record
    months: set  # (partner, kind, year, month) of the calls that there are
    busy: dict  # partner: the last day of any call
    called: set = field(default_factory=set)

    def judge(self, rows):
        """Say of each row that has no reason yet whether it is in, and why; the earlier row comes first."""
        new = [row for row in rows if not row["reason_code"]]
        self.called.update(row["partner_id"] for row in rows if row["reason_code"] and row["partner_id"])
        for row in new:
            partner = row["partner_id"]
            row["first"] = max(row["date_due"], self.today)
            if partner in self.busy:
                row["first"] = max(row["first"], self.busy[partner] + self.cooldown)
            row["reason_code"] = self._consent_reason(row) or self._call_reason(row) or self._quota_reason(row)
            if not row["reason_code"]:
                self._take_in(row)

    def _take_in(self, row):
        row["is_included"] = True
        self.months.add(self._month(row))
        self.called.add(row["partner_id"])
        if row["date_expiry"] < self.today:
            row["reason_code"] = "in_missed"
        else:
            row["reason_code"] = "in_absent" if row["kind"] == "absent" else "in_repair"
            # Its day is not known yet: until it is, another call keeps clear of the whole window.
            partner = row["partner_id"]
            self.busy[partner] = max(row["date_expiry"], self.busy.get(partner, date.min))

    def _month(self, row):
        return row["partner_id"], row["kind"], row["date_due"].year, row["date_due"].month

    def _consent_reason(self, row):
        """Why the customer may not be called at all."""
        partner = row["partner_id"]
        if not partner:
            return "out_no_customer"
        known = partner in self.given or partner in self.blocked
        if row["kind"] == "repair":
            if row["callback_consent"] == "no":
                return "out_refused"
            if row["callback_consent"] != "yes" and not known:
                return "out_not_asked"
        elif not known:
            return "out_no_consent"
        return "out_blocked" if partner in self.blocked else None

    def _call_reason(self, row):
        """Why this call is not made: no number, or another call of the customer's."""
        if not row["has_phone"]:
            return "out_no_phone"
        if self._month(row) in self.months:
            return "out_month"
        if row["kind"] == "absent" and row["partner_id"] in self.called:
            return "out_cooldown"
        if row["date_expiry"] >= self.today and row["first"] > row["date_expiry"]:
            return "out_cooldown"
        return None

    def _quota_reason(self, row):
        if row["kind"] != "absent":
            return None
        self.absent_left -= 1
        return "out_quota" if self.absent_left < 0 else None
