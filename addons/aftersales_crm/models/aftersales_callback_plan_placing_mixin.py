from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone

from odoo import fields, models
from odoo.tools import SQL

from ..tools.candidates import calls_to_place, put_in_place
from ..tools.daytime import parts_of_day, subtract
from ..tools.planner import Slot, plan_calls

UTC = timezone.utc


class AftersalesCallbackPlanPlacingMixin(models.AbstractModel):
    """Which agent makes a call on which day: working time of the agents, placing, and the words that explain it.

    The placing itself is `tools/planner.py`; here are its slots and calls from calendars, absences and candidates.
    """

    _name = "aftersales.callback.plan.placing.mixin"
    _description = "Callback Plan: Agent and Day"

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _horizon(self):
        """The first and the last day on which the plan may put a call."""
        window = self.company_id.aftersales_callback_expiry_days - self.company_id.aftersales_callback_due_days
        return max(self.company_id._aftersales_today(), self.date_from), self.date_to + timedelta(days=window)

    def _capacities(self):
        """{agent: calls a day} of the plan."""
        return {line.user_id: line.capacity for line in self.agent_line_ids}

    def _slots(self, capacities=None):
        """The agents' working days in the horizon of the plan.

        :param dict capacities: {agent: calls of a full day}; those of the plan by default
        :return: list of `Slot`, without what stands there already
        """
        company = self.company_id
        capacities = self._capacities() if capacities is None else capacities
        agents = self.env["res.users"].union(*(user for user, capacity in capacities.items() if capacity > 0))
        first, last = self._horizon()
        if first > last:
            return []
        away = self._absences(agents, first, last)
        slots = []
        free_by_calendar = {}
        for user_sudo in agents.sudo().sorted("id"):
            calendar = user_sudo.resource_calendar_id or company._aftersales_calendar()
            if calendar not in free_by_calendar:
                free_by_calendar[calendar] = self._spans_by_day(calendar, first, last)
            days = free_by_calendar[calendar]
            full = max((sum(end - start for start, end in spans) for spans in days.values()), default=0)
            for day, spans in days.items():
                free = subtract(spans, away["spans"].get(user_sudo.id, ()))
                seconds = sum(end - start for start, end in free)
                if not seconds or any(begin <= day <= end for begin, end in away["days"].get(user_sudo.id, ())):
                    continue
                slots.append(
                    Slot(
                        user_sudo.id,
                        day,
                        max(1, round(capacities[user_sudo.with_env(self.env)] * seconds / full)),
                        parts_of_day(free, company._aftersales_tz()),
                    )
                )
        return slots

    def _spans_by_day(self, calendar, first, last):
        """Working spans in epoch seconds by store day; of today only what is left."""
        worktime = self.company_id._aftersales_worktime(first, last + timedelta(days=1), calendar=calendar)
        tz = self.company_id._aftersales_tz()
        now = int(fields.Datetime.now().replace(tzinfo=UTC).timestamp())
        days = defaultdict(list)
        for start, end in zip(worktime.starts, worktime.ends, strict=True):
            if end > now:
                days[datetime.fromtimestamp(start, tz).date()].append((max(start, now), end))
        return days

    def _absences(self, agents, first, last):
        """Days and spans in which agents are away: the store's own list, and leaves of the working calendar."""
        days, spans = defaultdict(list), defaultdict(list)
        for absence in self.env["aftersales.callback.absence"].search(
            [
                ("user_id", "in", agents.ids),
                ("company_id", "=", self.company_id.id),
                ("date_from", "<=", last),
                ("date_to", ">=", first),
            ]
        ):
            days[absence.user_id.id].append((absence.date_from, absence.date_to))
        # Sudoed: a planner needs to know when an agent is away, not why.
        for leave_sudo in (
            self.env["resource.calendar.leaves"]
            .sudo()
            .search(
                [
                    ("resource_id.user_id", "in", agents.ids),
                    ("time_type", "=", "leave"),
                    ("date_to", ">=", self.company_id._aftersales_day_start(first)),
                    ("date_from", "<", self.company_id._aftersales_day_start(last + timedelta(days=1))),
                ]
            )
        ):
            spans[leave_sudo.resource_id.user_id.id].append(
                tuple(int(d.replace(tzinfo=UTC).timestamp()) for d in (leave_sudo.date_from, leave_sudo.date_to))
            )
        return {"days": days, "spans": spans}

    def _place(self, rows, slots):
        """Give every included candidate an agent and a day; what stands well stays."""
        spread = timedelta(days=self.company_id.aftersales_callback_spread_days)
        calls, standing = calls_to_place(rows, slots, spread)
        standing += self._foreign_loads(slots)
        loaded = [Slot(s.agent, s.day, s.capacity, s.parts, standing[s.agent, s.day]) for s in slots]
        put_in_place(rows, plan_calls(calls, loaded))

    def _foreign_loads(self, slots):
        """Calls of other plans, or by hand, that fill the same days."""
        loads = Counter()
        for user, day, count in self.env.execute_query(
            SQL(
                """SELECT user_id, date_planned, COUNT(*)
                     FROM aftersales_callback
                    WHERE company_id = %s AND state = 'planned' AND plan_id IS DISTINCT FROM %s
                      AND user_id = ANY(%s) AND date_planned >= %s
                    GROUP BY user_id, date_planned""",
                self.company_id.id,
                self.id,
                list({slot.agent for slot in slots}),
                self.company_id._aftersales_today(),
            )
        ):
            loads[user, day] = count
        return loads

    def _explain(self, rows, slots):
        """Say of each placed call why this customer, this day and this agent."""
        names = {user.id: user.name for user in self.env["res.users"].sudo().browse({slot.agent for slot in slots})}
        capacity = {(slot.agent, slot.day): slot.capacity for slot in slots}
        texts = self._get_explanations()
        for row in rows:
            if not row["is_included"] or ("delivered" not in row and "load" not in row and not row["is_short"]):
                continue
            place = (row["user_id"], row["date_planned"])
            values = {
                "due": row["date_due"],
                "until": row["date_expiry"],
                "delivered": row.get("delivered"),
                "agent": names.get(place[0]),
                "day": place[1],
                "load": row.get("load"),
                "capacity": capacity.get(place),
            }
            row["explanation"] = " ".join(texts[code] % values for code in self._explanation_codes(row))

    def _explanation_codes(self, row):
        if row.get("delivered"):
            yield "absent" if row["kind"] == "absent" else "repair"
        if row["reason_code"] == "in_missed":
            yield "missed"
        elif row["is_short"]:
            yield "short"
        elif "load" in row:
            yield "where"
            if row["is_late"]:
                yield "late"
            if row["time_preference"] != "any":
                yield row["time_preference"] if row["is_preference_kept"] else "no_wish"
            if row["involved"]:
                yield "barred"

    def _get_explanations(self):
        # Translated once, not once a call.
        return {
            "repair": self.env._("Delivered on %(delivered)s; to be called from %(due)s to %(until)s."),
            "absent": self.env._("Last visit on %(delivered)s; to be called from %(due)s to %(until)s."),
            "where": self.env._(
                "%(agent)s has %(load)s of %(capacity)s calls on %(day)s;"
                " no agent and day open to this call has two fewer."
            ),
            "late": self.env._("The first days are full, so the call goes into the days kept for retries."),
            "morning": self.env._("Call in the morning, as wished."),
            "afternoon": self.env._("Call in the afternoon, as wished."),
            "evening": self.env._("Call in the evening, as wished."),
            "no_wish": self.env._("Nobody works at the time that the customer prefers."),
            "barred": self.env._("Advisor and technicians of the order do not make this call."),
            "short": self.env._("No agent has room for this call until %(until)s. Add agents, days or calls a day."),
            "missed": self.env._("The last day, %(until)s, is over: counts as missed."),
        }
