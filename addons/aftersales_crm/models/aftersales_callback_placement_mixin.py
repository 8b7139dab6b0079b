from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date


class AftersalesCallbackPlacementMixin(models.AbstractModel):
    """Agent and day of a callback that a person gives or moves: every rule of the plan is looked at again.

    The plan itself places by the same rules before it writes; here a drag, a form, a list and RPC meet.
    """

    _name = "aftersales.callback.placement.mixin"
    _description = "Callback: Agent and Day"
    _inherit = ["aftersales.protected.mixin"]

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_placement(self):
        """Agent and day of planned callbacks obey the rules that hold for each call by itself."""
        for callback in self:
            for reason in callback._cannot_call_reasons(callback.user_id).values():
                raise UserError(reason)
            day = callback.date_planned
            if day and not callback.date_due <= day <= callback.date_expiry:
                raise UserError(
                    self.env._(
                        "%(callback)s may be made from %(first)s to %(last)s. Choose a day in between.",
                        callback=callback.name,
                        first=fields.Date.to_string(callback.date_due),
                        last=fields.Date.to_string(callback.date_expiry),
                    )
                )

    def _moved(self, places):
        """Check those that a person has moved against the plan, and say in their explanation who moved them.

        :param dict places: {callback: (agent, day)} before the move
        """
        moved = self.filtered(lambda c: (c.user_id, c.date_planned) != places[c] and c.state == "planned")
        if not moved:
            return
        if blocked := moved._blocked():
            blocked._refuse_blocked()
        moved._check_quiet_days()
        for plan, callbacks in moved.grouped("plan_id").items():
            callbacks._check_day_and_agent(plan)
        for callback in moved:
            callback._explain_move(*places[callback])

    def _check_day_and_agent(self, plan):
        """The day lies ahead, and the agent of the plan works on it and has room for one call more."""
        today = self.company_id[:1]._aftersales_today()
        for callback in self.filtered("date_planned"):
            if callback.date_planned < today:
                raise UserError(
                    self.env._(
                        "%(day)s is over. Move %(callback)s to today or later.",
                        day=format_date(self.env, callback.date_planned),
                        callback=callback.name,
                    )
                )
        placed = self.filtered(lambda c: c.user_id and c.date_planned)
        if not plan or not placed:
            return
        capacity = {(slot.agent, slot.day): slot.capacity for slot in plan._slots()}
        self.env.flush_all()
        loads = {
            (user.id, day): count
            for user, day, count in self.env["aftersales.callback"]._read_group(
                [
                    ("company_id", "=", plan.company_id.id),
                    ("state", "=", "planned"),
                    ("user_id", "in", placed.user_id.ids),
                    ("date_planned", "in", placed.mapped("date_planned")),
                ],
                ["user_id", "date_planned:day"],
                ["__count"],
            )
        }
        for callback in placed:
            place = (callback.user_id.id, callback.date_planned)
            values = {"agent": callback.user_id.name, "day": format_date(self.env, callback.date_planned)}
            if place not in capacity:
                raise UserError(
                    self.env._(
                        "%(agent)s makes no calls of this plan on %(day)s: away, day off, or no agent of it.", **values
                    )
                )
            if loads[place] > capacity[place]:
                raise UserError(
                    self.env._(
                        "%(agent)s has room for %(capacity)s calls on %(day)s, and this would be one too many.",
                        capacity=capacity[place],
                        **values,
                    )
                )

    def _check_quiet_days(self):
        """No two calls of one customer within the cool-down, whatever they are for."""
        self.env.flush_all()
        for company, callbacks in self.filtered("date_planned").grouped("company_id").items():
            rows = self.env.execute_query(
                SQL(
                    """SELECT moved.id, other.day
                         FROM aftersales_callback AS moved
                         JOIN LATERAL (
                              SELECT CASE WHEN state = 'planned' THEN date_planned END AS day, partner_id, id
                                FROM aftersales_callback
                               WHERE company_id = moved.company_id AND partner_id = moved.partner_id
                                 AND state <> 'cancelled' AND kind <> 'second'
                               UNION ALL
                              SELECT (date_last_attempt AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date, partner_id, id
                                FROM aftersales_callback
                               WHERE company_id = moved.company_id AND partner_id = moved.partner_id
                                 AND state <> 'cancelled' AND kind <> 'second'
                              ) AS other ON other.id <> moved.id
                        WHERE moved.id = ANY(%(ids)s) AND moved.kind <> 'second'
                          AND ABS(other.day - moved.date_planned) < %(days)s
                        LIMIT 1""",
                    tz=str(company._aftersales_tz()),
                    ids=callbacks.ids,
                    days=company.aftersales_callback_cooldown_days,
                )
            )
            for moved, day in rows:
                callback = self.browse(moved)
                raise UserError(
                    self.env._(
                        "%(customer)s has another call on %(day)s: between two calls of a customer lie %(days)s days.",
                        customer=callback.partner_id.display_name,
                        day=format_date(self.env, day),
                        days=company.aftersales_callback_cooldown_days,
                    )
                )

    def _explain_move(self, user, day):
        """Write into the explanation who moved the call, when, and from where."""
        self.ensure_one()
        company = self.company_id
        where = self.env._(
            "Moved by %(who)s on %(when)s to %(agent)s, %(day)s; before: %(old_agent)s, %(old_day)s.",
            who=self.env.user.name,
            when=format_date(self.env, company._aftersales_today()),
            agent=self.user_id.name or "–",
            day=format_date(self.env, self.date_planned) or "–",
            old_agent=user.name or "–",
            old_day=format_date(self.env, day) or "–",
        )
        window = self.env._(
            "To be called from %(due)s to %(until)s.",
            due=format_date(self.env, self.date_due),
            until=format_date(self.env, self.date_expiry),
        )
        self._write_protected({"explanation": f"{window} {where}"})

    def _prepare_cell_row(self):
        """What the plan's board lists of a call."""
        self.ensure_one()
        return {
            "id": self.id,
            "name": self.name,
            "customer": self.partner_id.display_name,
            "car": self.vehicle_id.sudo().plate_display or "",
            "window": f"{format_date(self.env, self.date_due)} – {format_date(self.env, self.date_expiry)}",
            "preference": self._selection_label("time_preference") if self.time_preference != "any" else "",
            "state": self.state,
            "state_label": self._selection_label("state"),
            "is_movable": self.state == "planned",
            "why": self.explanation or "",
        }
