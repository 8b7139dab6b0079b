from collections import Counter, defaultdict
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

# How many calls of one cell are listed: more than any agent makes in a day
LISTED = 300
# Days back from which the coming deliveries are estimated
PACE_DAYS = 28


class AftersalesCallbackPlanBoardMixin(models.AbstractModel):
    """The plan as a supervisor sees it: loads by agent and day, reasons, shortage, moves and what-if, as plain values."""

    _name = "aftersales.callback.plan.board.mixin"
    _description = "Callback Plan: Board"

    # ------------------------------------------------------------
    # BOARD
    # ------------------------------------------------------------

    def get_board(self):
        """Return all that the board shows.

        :return: {'plan', 'days': [{'date', 'label', 'weekday', 'is_today', 'is_over', 'is_month'}],
            'agents': [{'id', 'name', 'capacity', 'total', 'cells': {date: {'planned', 'done', 'missed', 'other',
            'capacity'}}}], 'unplaced': number, 'reasons': [{'code', 'label', 'is_in', 'count'}], 'outlook': dict}
        """
        self.ensure_one()
        self.check_access("read")
        self = self.with_company(self.company_id)
        self.env.flush_all()
        slots = self._slots()
        capacity = {(slot.agent, slot.day): slot.capacity for slot in slots}
        loads = self._board_loads()
        others = self._foreign_loads(slots)
        return {
            "plan": self._board_plan(),
            "days": self._board_days(capacity, loads),
            "agents": self._board_agents(capacity, loads, others),
            "unplaced": sum(
                count for (user, day, state), count in loads.items() if state == "planned" and not (user and day)
            ),
            "reasons": self._board_reasons(),
            "outlook": self._outlook(capacity, loads, others),
        }

    def get_cell(self, user_id=None, day=None):
        """Return the calls of an agent and day; without them the calls that have found no room.

        :return: [{'id', 'name', 'customer', 'car', 'window', 'preference', 'state', 'state_label', 'is_movable', 'why'}]
        """
        self.ensure_one()
        self.check_access("read")
        is_confirmed = self.state == "confirmed"
        model = self.env["aftersales.callback" if is_confirmed else "aftersales.callback.candidate"]
        domain = [("plan_id", "=", self.id)]
        if not is_confirmed:
            domain.append(("is_included", "=", True))
        if user_id and day:
            domain += [("user_id", "=", int(user_id)), ("date_planned", "=", day)]
        else:
            domain += ["|", ("user_id", "=", False), ("date_planned", "=", False)]
            domain.append(("state", "=", "planned") if is_confirmed else ("is_short", "=", True))
        return [record._prepare_cell_row() for record in model.search(domain, limit=LISTED)]

    def move_calls(self, callback_ids, user_id, day):
        """Move planned calls to an agent and day. Every rule is looked at again; one refusal refuses all.

        :param list[int] callback_ids: callbacks of this confirmed plan
        :return: the board after the move
        """
        self.ensure_one()
        self.check_access("write")
        callbacks = self.env["aftersales.callback"].browse([int(number) for number in callback_ids]).exists()
        if not callbacks or callbacks.plan_id != self or len(callbacks.mapped("plan_id")) != 1:
            raise UserError(self.env._("Only calls of this plan are moved on its board. Reload the board."))
        callbacks.write({"user_id": int(user_id), "date_planned": day})
        return self.get_board()

    def what_if(self, agents):
        """Reckon the plan with other agents or capacities. Nothing is written.

        :param list[dict] agents: [{'user_id': int, 'capacity': calls a day}]
        :return: {'short', 'placed', 'late', 'wishes_missed', 'text', 'agents': [{'id', 'name', 'capacity', 'total',
            'cells': {date: {'planned', 'capacity'}}}]}
        """
        self.ensure_one()
        self.check_access("write")
        self = self.with_company(self.company_id)
        capacities = self._check_agents(agents)
        rows, slots = self._reckon(capacities)
        placed = [row for row in rows if row["is_included"] and row["user_id"] and row["date_planned"]]
        loads = Counter((row["user_id"], row["date_planned"]) for row in placed)
        capacity = {(slot.agent, slot.day): slot.capacity for slot in slots}
        result = defaultdict(dict)
        for user, day in sorted(loads.keys() | capacity.keys()):
            result[user][fields.Date.to_string(day)] = {
                "planned": loads[user, day],
                "capacity": capacity.get((user, day), 0),
            }
        short = sum(row["is_short"] for row in rows)
        return {
            "short": short,
            "placed": len(placed),
            "late": sum(bool(row.get("is_late")) for row in rows),
            "wishes_missed": sum(row.get("is_preference_kept") is False for row in rows),
            "text": self._shortage_text(short, slots) or "",
            "agents": [
                {
                    "id": user.id,
                    "name": user.name,
                    "capacity": number,
                    "total": sum(cell["planned"] for cell in result[user.id].values()),
                    "cells": result[user.id],
                }
                for user, number in capacities.items()
            ],
        }

    def apply_what_if(self, agents):
        """Take over agents and capacities, and plan with them: a preview is made again, a confirmed plan planned again.

        :param list[dict] agents: as for `what_if`
        :return: the board
        """
        self.ensure_one()
        self.check_access("write")
        capacities = self._check_agents(agents)
        users = self.env["res.users"].union(*capacities)
        self.write({"agent_ids": [fields.Command.set(users.ids)]})
        for line in self.agent_line_ids:
            line.capacity = capacities[line.user_id]
        if self.state == "confirmed":
            self.action_replan()
        else:
            self.action_preview()
        return self.get_board()

    def get_possible_agents(self):
        """Return who could make calls of this plan: [{'id', 'name', 'capacity'}] of the store's consultants."""
        self.ensure_one()
        self.check_access("read")
        group = self.env.ref("aftersales_crm.group_aftersales_crc")
        # Sudoed: a planner sees the names of the store's consultants, whatever else he may read of users.
        users_sudo = (
            self.env["res.users"]
            .sudo()
            .search(
                [("all_group_ids", "in", group.ids), ("company_ids", "in", self.company_id.ids), ("share", "=", False)]
            )
        )
        capacities = {user.id: capacity for user, capacity in self._capacities().items()}
        default = self.company_id.aftersales_callback_capacity
        return [
            {
                "id": user.id,
                "name": user.name,
                "capacity": capacities.get(user.id, default),
                "is_in": user.id in capacities,
            }
            for user in users_sudo
        ]

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_agents(self, agents):
        """Return {user: capacity} of what a client sent; refuse strangers and nonsense."""
        if not isinstance(agents, list) or not all(isinstance(agent, dict) for agent in agents):
            raise UserError(self.env._("Agents are sent as a list of {user_id, capacity}."))
        possible = {agent["id"] for agent in self.get_possible_agents()}
        capacities = {}
        for agent in agents:
            user, capacity = agent.get("user_id"), agent.get("capacity")
            if user not in possible:
                raise UserError(self.env._("Only consultants of the store can be agents of its plan."))
            if isinstance(capacity, bool) or not isinstance(capacity, int) or not 0 <= capacity <= 1000:
                raise UserError(self.env._("The calls a day of an agent are a whole number up to 1000."))
            capacities[self.env["res.users"].browse(user)] = capacity
        if not any(capacities.values()):
            raise UserError(
                self.env._("%(plan)s: nobody makes the calls. Add agents with calls a day.", plan=self.name)
            )
        return capacities

    def _board_plan(self):
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "state_label": self._selection_label("state"),
            "shortage": self.shortage,
            "shortage_text": self.shortage_text or "",
            "may_move": self.state == "confirmed" and self.has_access("write"),
            "may_plan": self.has_access("write"),
        }

    def _board_loads(self):
        """{(agent or None, day or None, state): calls} of the plan; of a preview the candidates that are in."""
        if self.state == "confirmed":
            rows = self.env.execute_query(
                SQL(
                    """SELECT user_id, date_planned, state, COUNT(*) FROM aftersales_callback
                        WHERE plan_id = %s GROUP BY 1, 2, 3""",
                    self.id,
                )
            )
        else:
            rows = self.env.execute_query(
                SQL(
                    """SELECT user_id, date_planned, CASE WHEN reason_code = 'in_missed' THEN 'missed' ELSE 'planned' END,
                              COUNT(*)
                         FROM aftersales_callback_candidate
                        WHERE plan_id = %s AND is_included GROUP BY 1, 2, 3""",
                    self.id,
                )
            )
        return Counter({tuple(row[:3]): row[3] for row in rows})

    def _board_days(self, capacity, loads):
        """The days of the board: from the first of the month to the last day on which something may stand."""
        today = self.company_id._aftersales_today()
        used = [day for _user, day, _state in loads if day] + [day for _user, day in capacity]
        last = max([self.date_to, *used])
        days = []
        day = self.date_from
        while day <= last:
            days.append(
                {
                    "date": fields.Date.to_string(day),
                    "label": str(day.day),
                    "weekday": format_date(self.env, day, date_format="EEEEEE"),
                    "title": format_date(self.env, day, date_format="EEEE d MMMM"),
                    "is_today": day == today,
                    "is_over": day < today,
                    "is_month": day <= self.date_to,
                }
            )
            day += timedelta(days=1)
        return days

    def _board_agents(self, capacity, loads, others):
        cells = defaultdict(
            lambda: defaultdict(lambda: {"planned": 0, "done": 0, "missed": 0, "other": 0, "capacity": 0})
        )
        for (user, day), number in capacity.items():
            cells[user][fields.Date.to_string(day)].update(capacity=number, other=others[user, day])
        totals = Counter()
        for (user, day, state), count in loads.items():
            if user and day and state != "cancelled":
                name = state if state in ("planned", "missed") else "done"
                cells[user][fields.Date.to_string(day)][name] += count
                totals[user] += count
        lines = {line.user_id.id: line.capacity for line in self.agent_line_ids}
        users_sudo = self.env["res.users"].sudo().browse(sorted({*lines, *cells}))
        return [
            {
                "id": user.id,
                "name": user.name,
                "capacity": lines.get(user.id, 0),
                "is_agent": user.id in lines,
                "total": totals[user.id],
                "cells": cells[user.id],
            }
            for user in users_sudo
        ]

    def _board_reasons(self):
        labels = dict(self.env["aftersales.callback.candidate"]._fields["reason_code"]._description_selection(self.env))
        groups = self.env["aftersales.callback.candidate"]._read_group(
            [("plan_id", "=", self.id)], ["is_included", "reason_code"], ["__count"]
        )
        return [
            {"code": code, "label": labels[code], "is_in": is_in, "count": count}
            for is_in, code, count in sorted(groups, key=lambda group: (not group[0], -group[2], group[1]))
        ]

    def _outlook(self, capacity, loads, others):
        """What is likely to come until the end of the month, against the room that is left.

        The pace is the number of delivered orders of the last four weeks that took a callback, a working day.
        """
        company = self.company_id
        today = company._aftersales_today()
        room = {
            place: number - others[place] - loads[(*place, "planned")]
            for place, number in capacity.items()
            if place[1] <= self.date_to
        }
        since = today - timedelta(days=PACE_DAYS)
        [(orders,)] = self.env.execute_query(
            SQL(
                """SELECT COUNT(*) FROM aftersales_repair_order
                    WHERE company_id = %s AND state = 'delivered' AND callback_consent = 'yes'
                      AND date_out >= %s AND date_out < %s""",
                company.id,
                company._aftersales_day_start(since),
                company._aftersales_day_start(today),
            )
        )
        worked = len(company._aftersales_working_days(since, today - timedelta(days=1)))
        # Who is delivered later than this is due in the next month.
        last_delivery = self.date_to - timedelta(days=company.aftersales_callback_due_days)
        coming = company._aftersales_working_days(today, last_delivery) if today <= last_delivery else []
        expected = round(orders / worked * len(coming)) if worked and self.include_repair else 0
        left = sum(max(number, 0) for number in room.values())
        return {
            "days": len({day for _user, day in room}),
            "room": left,
            "expected": expected,
            "short": max(0, expected - left),
        }

    def _shortage_text(self, short, slots):
        days = len({slot.day for slot in slots if slot.day <= self.date_to})
        if not short:
            return False
        return self.env._("%(days)s working days left, %(calls)s calls short", days=days, calls=short)
