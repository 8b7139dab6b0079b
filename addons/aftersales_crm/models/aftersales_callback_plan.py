from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..tools.planner import Call, Slot, plan_calls

UTC = timezone.utc


class AftersalesCallbackPlan(models.Model):
    """Who is called in a month, by whom and on which day.

    Preview looks at every order and absent car, says why it is in or out and where it would go; nothing is called yet.
    Confirm writes the callbacks. Replan adds what is new and moves only what is not yet done and cannot stay where it
    is: days that have passed, agents who are away. Each may run twice, or in two workers at once.
    """

    _name = "aftersales.callback.plan"
    _description = "Callback Plan"
    _inherit = ["mail.thread", "aftersales.protected.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _protected_fields = frozenset(
        {"state", "date_previewed", "date_confirmed", "shortage", "shortage_text", "candidate_ids", "callback_ids"}
    )

    name = fields.Char(compute="_compute_name", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, readonly=True, default=lambda self: self.env.company
    )
    date_from = fields.Date(
        "Month", required=True, default=lambda self: self.env.company._aftersales_today().replace(day=1)
    )
    date_to = fields.Date("Last Day", compute="_compute_date_to", store=True, precompute=True)
    include_repair = fields.Boolean("After Repair", default=True)
    include_absent = fields.Boolean("Long Absent", default=True)
    absent_limit = fields.Integer("Most Absent Calls", help="0: no limit.", default=0)
    agent_ids = fields.Many2many(
        "res.users",
        "aftersales_callback_plan_user_rel",
        "plan_id",
        "user_id",
        string="Agents",
        check_company=True,
    )
    agent_line_ids = fields.One2many("aftersales.callback.plan.agent", "plan_id", "Capacity")
    state = fields.Selection(
        [("draft", "Draft"), ("previewed", "Previewed"), ("confirmed", "Confirmed")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    date_previewed = fields.Datetime("Previewed On", readonly=True, copy=False)
    date_confirmed = fields.Datetime("Confirmed On", readonly=True, copy=False)
    shortage = fields.Integer("Short by", readonly=True, copy=False)
    shortage_text = fields.Char("Shortage", readonly=True, copy=False)
    candidate_ids = fields.One2many("aftersales.callback.candidate", "plan_id", "Candidates", readonly=True)
    callback_ids = fields.One2many("aftersales.callback", "plan_id", "Callbacks", readonly=True)
    callback_count = fields.Integer("Calls", compute="_compute_counts")
    planned_count = fields.Integer("To Be Called", compute="_compute_counts")
    done_count = fields.Integer("Calls Done", compute="_compute_counts")
    missed_count = fields.Integer("Calls Missed", compute="_compute_counts")
    included_count = fields.Integer("Candidates In", compute="_compute_counts")
    excluded_count = fields.Integer("Candidates Out", compute="_compute_counts")

    _month_uniq = models.UniqueIndex("(company_id, date_from)", "There is a callback plan for this month already.")
    _month_start = models.Constraint(
        "CHECK(EXTRACT(DAY FROM date_from) = 1)", "A plan begins on the first day of its month."
    )
    _absent_limit_positive = models.Constraint("CHECK(absent_limit >= 0)", "The limit cannot be negative.")

    @api.depends("date_from")
    def _compute_name(self):
        for plan in self:
            plan.name = plan.date_from.strftime("%Y-%m") if plan.date_from else ""

    @api.depends("date_from")
    def _compute_date_to(self):
        for plan in self:
            plan.date_to = plan.date_from and plan.date_from + relativedelta(months=1, days=-1)

    @api.constrains("agent_ids")
    def _check_agent_ids(self):
        for plan in self:
            strangers = plan.agent_ids.filtered(lambda user: not user.has_group("aftersales_crm.group_aftersales_crc"))
            if strangers:
                raise ValidationError(
                    self.env._(
                        "%(users)s cannot make callbacks: give them the role of customer relations consultant first.",
                        users=", ".join(strangers.mapped("name")),
                    )
                )

    @api.depends_context("uid")
    def _compute_counts(self):
        calls, states = defaultdict(int), defaultdict(Counter)
        for plan, state, count in self.env["aftersales.callback"]._read_group(
            [("plan_id", "in", self.ids)], ["plan_id", "state"], ["__count"]
        ):
            calls[plan.id] += count
            states[plan.id][state] = count
        inside, outside = Counter(), Counter()
        for plan, included, count in self.env["aftersales.callback.candidate"]._read_group(
            [("plan_id", "in", self.ids)], ["plan_id", "is_included"], ["__count"]
        ):
            (inside if included else outside)[plan.id] = count
        for plan in self:
            plan.callback_count = calls[plan._origin.id]
            plan.planned_count = states[plan._origin.id]["planned"]
            plan.done_count = states[plan._origin.id]["done"]
            plan.missed_count = states[plan._origin.id]["missed"]
            plan.included_count = inside[plan._origin.id]
            plan.excluded_count = outside[plan._origin.id]

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        plans = super().create(vals_list)
        plans._sync_agent_lines()
        return plans

    def write(self, vals):
        if {"date_from", "company_id"}.intersection(vals) and any(plan.state == "confirmed" for plan in self):
            raise UserError(self.env._("The month of a confirmed plan stands. Make another plan for another month."))
        result = super().write(vals)
        if "agent_ids" in vals:
            self._sync_agent_lines()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_confirmed(self):
        if any(plan.state == "confirmed" for plan in self):
            raise UserError(self.env._("A confirmed plan cannot be deleted: its callbacks are counted."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_preview(self):
        """Look who is due, and show where each call would go. Nothing is planned yet."""
        self._check_open({"draft", "previewed"}, self.env._("A confirmed plan is not previewed: plan again instead."))
        for plan in self:
            plan._lock()
            plan._refresh()
            plan._write_protected({"state": "previewed", "date_previewed": fields.Datetime.now()})
        return True

    def action_confirm(self):
        """Write the callbacks of the plan. Who refused since the preview is left out."""
        self._check_open({"previewed"}, self.env._("Preview the plan first, and confirm what you have seen."))
        for plan in self:
            plan._lock()
            plan._refresh()
            plan._write_callbacks()
            plan._write_protected({"state": "confirmed", "date_confirmed": fields.Datetime.now()})
        return True

    def action_replan(self):
        """Add what is new and move what cannot stay; what is done stays done."""
        self._check_open({"confirmed"}, self.env._("Only a confirmed plan is planned again. Preview and confirm it."))
        for plan in self:
            plan._lock()
            plan._refresh()
            plan._write_callbacks()
        return True

    def action_view_callbacks(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_callback_action"),
            "domain": [("plan_id", "=", self.id)],
            "context": {},
        }

    def action_view_candidates(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_callback_candidate_action"),
            "domain": [("plan_id", "=", self.id)],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_open(self, states, message):
        self.check_access("write")
        for plan in self:
            if plan.state not in states:
                raise UserError(message)
            if not (plan.agent_line_ids.filtered("capacity")):
                raise UserError(
                    self.env._("%(plan)s: nobody makes the calls. Add agents with calls a day.", plan=plan.name)
                )

    def _lock(self):
        """One worker at a time plans a month; the other one is told."""
        self.lock_for_update(allow_referencing=True)

    def _sync_agent_lines(self):
        missing = []
        for plan in self:
            lines = plan.agent_line_ids
            lines.filtered(lambda line, plan=plan: line.user_id not in plan.agent_ids).unlink()
            missing += [
                {
                    "plan_id": plan.id,
                    "user_id": user.id,
                    "capacity": plan.company_id.aftersales_callback_capacity,
                }
                for user in plan.agent_ids - lines.user_id
            ]
        self.env["aftersales.callback.plan.agent"].create(missing)

    def _refresh(self):
        """Rewrite the candidate rows: reasons in and out, agent and day. Deterministic, and writes nothing else."""
        self.ensure_one()
        self = self.with_company(self.company_id)
        self.env.flush_all()
        rows = self._standing_rows()
        rows += self._repair_rows() if self.include_repair else []
        rows += self._absent_rows() if self.include_absent else []
        self._judge(rows)
        slots = self._slots()
        self._place(rows, slots)
        self._explain(rows, slots)
        self._write_candidates(rows)
        short = sum(row["is_short"] for row in rows)
        days = len({slot.day for slot in slots if slot.day <= self.date_to})
        self._write_protected(
            {
                "shortage": short,
                "shortage_text": self.env._("%(days)s working days left, %(calls)s calls short", days=days, calls=short)
                if short
                else False,
            }
        )

    # Candidates ---------------------------------------------------------

    def _row(self, **values):
        return {
            "kind": "repair",
            "absent_stage": None,
            "repair_order_id": None,
            "vehicle_id": None,
            "partner_id": None,
            "callback_id": None,
            "user_id": None,
            "date_planned": None,
            "time_preference": "any",
            "reason_code": None,
            "is_included": False,
            "is_short": False,
            "explanation": None,
            "involved": frozenset(),
            "first": None,
            "note": "",
            **values,
        }

    def _standing_rows(self):
        """The callbacks of this plan that are not yet done, with what may be moved of them."""
        today = self.company_id._aftersales_today()
        rows = []
        for record in self.env.execute_query_dict(
            SQL(
                """SELECT callback.id AS callback_id, callback.kind, callback.absent_stage, callback.repair_order_id,
                          callback.vehicle_id, callback.partner_id, callback.time_preference, callback.date_due,
                          callback.date_expiry, callback.user_id, callback.date_planned,
                          (callback.call_later IS NULL OR callback.call_later < %s)
                              AND (callback.claimed_by_id IS NULL OR callback.date_claimed < %s) AS is_movable,
                          callback.date_last_attempt, %s AS involved
                     FROM aftersales_callback AS callback
                     LEFT JOIN aftersales_repair_order AS repair_order ON repair_order.id = callback.repair_order_id
                    WHERE callback.plan_id = %s AND callback.state = 'planned'
                    ORDER BY callback.date_due, callback.id""",
                self.company_id._aftersales_day_start(today),
                fields.Datetime.now() - timedelta(minutes=self.company_id.aftersales_callback_claim_minutes),
                self._involved_sql(),
                self.id,
            )
        ):
            last = record.pop("date_last_attempt")
            first = max(today, record["date_due"])
            if last and self.company_id._aftersales_local(last).date() >= first:
                first = self.company_id._aftersales_local(last).date() + timedelta(days=1)
            rows.append(
                self._row(
                    **{**record, "involved": frozenset(record["involved"] or ())},
                    first=first,
                    reason_code="in_planned",
                    is_included=True,
                )
            )
        return rows

    def _involved_sql(self):
        technicians = self.env["aftersales.repair.order"]._fields["technician_ids"]
        return SQL(
            "ARRAY(SELECT %s FROM %s AS technician WHERE technician.%s = repair_order.id) || repair_order.advisor_id",
            SQL.identifier("technician", technicians.column2),
            SQL.identifier(technicians.relation),
            SQL.identifier(technicians.column1),
        )

    def _repair_rows(self):
        """Delivered orders without a callback whose window touches the month."""
        company = self.company_id
        due_days, expiry_days = company.aftersales_callback_due_days, company.aftersales_callback_expiry_days
        records = self.env.execute_query_dict(
            SQL(
                """SELECT repair_order.id AS repair_order_id, repair_order.vehicle_id, repair_order.partner_id,
                          repair_order.callback_consent, repair_order.callback_time AS time_preference,
                          repair_order.name AS note,
                          NULLIF(TRIM(COALESCE(NULLIF(repair_order.callback_phone, ''), partner.phone, '')), '')
                              IS NOT NULL AS has_phone,
                          local.day AS delivered, %(involved)s AS involved
                     FROM aftersales_repair_order AS repair_order
                     JOIN LATERAL (
                          SELECT (repair_order.date_out AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
                          ) AS local ON TRUE
                     LEFT JOIN res_partner AS partner ON partner.id = repair_order.partner_id
                    WHERE repair_order.company_id = %(company)s
                      AND repair_order.state = 'delivered'
                      AND repair_order.date_out >= %(after)s
                      AND repair_order.date_out < %(before)s
                      AND local.day + %(due)s <= %(date_to)s
                      AND local.day + %(expiry)s >= %(date_from)s
                      AND NOT EXISTS (SELECT 1 FROM aftersales_callback AS callback
                                       WHERE callback.repair_order_id = repair_order.id
                                         AND callback.kind = 'repair')
                    ORDER BY repair_order.date_out, repair_order.id""",
                involved=self._involved_sql(),
                tz=str(company._aftersales_tz()),
                company=company.id,
                after=company._aftersales_day_start(self.date_from - timedelta(days=expiry_days + 1)),
                before=company._aftersales_day_start(self.date_to + timedelta(days=1)),
                due=due_days,
                expiry=expiry_days,
                date_from=self.date_from,
                date_to=self.date_to,
            )
        )
        for record in records:
            delivered = record.pop("delivered")
            record["involved"] = frozenset(filter(None, record["involved"] or ()))
            record["time_preference"] = record["time_preference"] or "any"
            record["date_due"] = delivered + timedelta(days=due_days)
            record["date_expiry"] = delivered + timedelta(days=expiry_days)
            record["delivered"] = delivered
        return [self._row(**record) for record in records]

    def _absent_rows(self):
        """Cars that cross a stage of absence in the month and have not been called in that stage."""
        company = self.company_id
        window = company.aftersales_callback_expiry_days - company.aftersales_callback_due_days
        records = self.env.execute_query_dict(
            SQL(
                """SELECT vehicle.id AS vehicle_id, vehicle.partner_id, stage.name AS absent_stage,
                          GREATEST(stage.day, %(date_from)s) AS date_due, local.day AS delivered,
                          NULLIF(TRIM(COALESCE(partner.phone, '')), '') IS NOT NULL AS has_phone
                     FROM aftersales_vehicle AS vehicle
                     JOIN LATERAL (
                          SELECT (vehicle.last_service_date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
                          ) AS local ON TRUE
                     JOIN LATERAL (
                          SELECT threshold.name, (local.day + threshold.months * INTERVAL '1 month')::date AS day
                            FROM (VALUES ('warning', %(warning)s), ('lost', %(lost)s), ('pool', %(pool)s))
                                 AS threshold (name, months)
                           WHERE (local.day + threshold.months * INTERVAL '1 month')::date <= %(date_to)s
                           ORDER BY threshold.months DESC
                           LIMIT 1) AS stage ON TRUE
                     LEFT JOIN res_partner AS partner ON partner.id = vehicle.partner_id
                    WHERE vehicle.company_id = %(company)s
                      AND vehicle.active
                      AND vehicle.last_service_date IS NOT NULL
                      AND NOT EXISTS (SELECT 1 FROM aftersales_repair_order AS repair_order
                                       WHERE repair_order.vehicle_id = vehicle.id AND repair_order.state = 'open')
                      AND NOT EXISTS (SELECT 1 FROM aftersales_callback AS callback
                                       WHERE callback.vehicle_id = vehicle.id
                                         AND callback.kind = 'absent'
                                         AND callback.date_due > local.day
                                         AND (callback.absent_stage = stage.name OR callback.plan_id = %(plan)s))
                    ORDER BY stage.day DESC, vehicle.id""",
                tz=str(company._aftersales_tz()),
                company=company.id,
                plan=self.id,
                date_from=self.date_from,
                date_to=self.date_to,
                warning=company.aftersales_absent_warning_months,
                lost=company.aftersales_absent_lost_months,
                pool=company.aftersales_absent_pool_months,
            )
        )
        for record in records:
            record["date_expiry"] = record["date_due"] + timedelta(days=window)
        return [self._row(kind="absent", **record) for record in records]

    def _judge(self, rows):
        """Say of each candidate whether it is in, and why."""
        new = [row for row in rows if not row["reason_code"]]
        partners = self.env["res.partner"].sudo().browse({row["partner_id"] for row in rows if row["partner_id"]})
        consent = self.env["aftersales.consent"].with_company(self.company_id)
        blocked = set(consent._blocked_partners(partners).ids)
        given = set(consent._given_partners(partners).ids)
        months, busy = self._other_calls(partners)
        today = self.company_id._aftersales_today()
        cooldown = timedelta(days=self.company_id.aftersales_callback_cooldown_days)
        absent_left = self._get_absent_left() if self.absent_limit else len(rows)
        called = set()
        for row in rows:
            if row["reason_code"] and row["partner_id"]:
                called.add(row["partner_id"])
        for row in new:
            partner = row["partner_id"]
            month = (partner, row["kind"], row["date_due"].year, row["date_due"].month)
            row["first"] = max(row["date_due"], today)
            if partner in busy:
                row["first"] = max(row["first"], busy[partner] + cooldown)
            row["reason_code"] = self._reason_out(row, blocked, given, months, month, called, today)
            if not row["reason_code"] and row["kind"] == "absent":
                if absent_left <= 0:
                    row["reason_code"] = "out_quota"
                absent_left -= 1
            if row["reason_code"]:
                continue
            row["is_included"] = True
            months.add(month)
            called.add(partner)
            if row["date_expiry"] < today:
                row["reason_code"] = "in_missed"
            else:
                row["reason_code"] = "in_absent" if row["kind"] == "absent" else "in_repair"

    def _get_absent_left(self):
        """How many absent customers the plan may still take in: its limit is for the month, not for each run."""
        taken = self.env["aftersales.callback"].search_count(
            [("plan_id", "=", self.id), ("kind", "=", "absent"), ("state", "!=", "cancelled")]
        )
        return self.absent_limit - taken

    def _reason_out(self, row, blocked, given, months, month, called, today):
        partner = row["partner_id"]
        if not partner:
            return "out_no_customer"
        if row["kind"] == "repair":
            if row["callback_consent"] == "no":
                return "out_refused"
            if row["callback_consent"] != "yes" and partner not in given and partner not in blocked:
                return "out_not_asked"
        elif partner not in given and partner not in blocked:
            return "out_no_consent"
        if partner in blocked:
            return "out_blocked"
        if not row["has_phone"]:
            return "out_no_phone"
        if month in months:
            return "out_month"
        if row["kind"] == "absent" and partner in called:
            return "out_cooldown"
        if row["date_expiry"] >= today and row["first"] > row["date_expiry"]:
            return "out_cooldown"
        return None

    def _other_calls(self, partners):
        """Return the months in which customers have a call of a kind, and the last day of any call of theirs."""
        months, busy = set(), {}
        for partner, kind, due, planned, attempted in self.env.execute_query(
            SQL(
                """SELECT partner_id, kind, date_due, CASE WHEN state = 'planned' THEN date_planned END,
                          (date_last_attempt AT TIME ZONE 'UTC' AT TIME ZONE %s)::date
                     FROM aftersales_callback
                    WHERE company_id = %s AND partner_id = ANY(%s) AND state <> 'cancelled' AND date_due >= %s""",
                str(self.company_id._aftersales_tz()),
                self.company_id.id,
                partners.ids,
                self.date_from - relativedelta(months=2),
            )
        ):
            months.add((partner, kind, due.year, due.month))
            for day in (planned, attempted):
                if day:
                    busy[partner] = max(day, busy.get(partner, date.min))
        return months, busy

    # Slots --------------------------------------------------------------

    def _slots(self):
        """The agents' working days in the horizon of the plan, with what stands there already."""
        company = self.company_id
        today = company._aftersales_today()
        first = max(today, self.date_from)
        window = company.aftersales_callback_expiry_days - company.aftersales_callback_due_days
        last = self.date_to + timedelta(days=window)
        if first > last:
            return []
        away = self._absences(first, last)
        slots = []
        free_by_calendar = {}
        for line in self.agent_line_ids.filtered("capacity").sorted("user_id"):
            user_sudo = line.user_id.sudo()
            calendar = user_sudo.resource_calendar_id or company._aftersales_calendar()
            if calendar not in free_by_calendar:
                free_by_calendar[calendar] = self._spans_by_day(calendar, first, last)
            days = free_by_calendar[calendar]
            full = max((sum(end - start for start, end in spans) for spans in days.values()), default=0)
            for day, spans in days.items():
                free = _subtract(spans, away["spans"].get(user_sudo.id, ()))
                seconds = sum(end - start for start, end in free)
                if not seconds or any(begin <= day <= end for begin, end in away["days"].get(user_sudo.id, ())):
                    continue
                slots.append(
                    Slot(
                        user_sudo.id,
                        day,
                        max(1, round(line.capacity * seconds / full)),
                        frozenset(_parts(free, company._aftersales_tz())),
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

    def _absences(self, first, last):
        """Days and spans in which agents are away: the store's own list, and leaves of the working calendar."""
        agents = self.agent_line_ids.user_id
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

    # Placing ------------------------------------------------------------

    def _place(self, rows, slots):
        """Give every included candidate an agent and a day; what stands well stays."""
        spread = timedelta(days=self.company_id.aftersales_callback_spread_days)
        known = {(slot.agent, slot.day) for slot in slots}
        standing, calls = Counter(), []
        for number, row in enumerate(rows):
            if not row["is_included"] or row["reason_code"] == "in_missed":
                continue
            place = (row["user_id"], row["date_planned"])
            if row["callback_id"] and (not row["is_movable"] or self._stands(row, known)):
                standing[place] += 1
                continue
            first = row["first"]
            latest = row["date_expiry"]
            calls.append(
                Call(
                    number,
                    first,
                    min(latest, max(first, row["date_due"] + spread)),
                    latest,
                    row["time_preference"],
                    row["involved"],
                )
            )
        standing += self._foreign_loads(slots)
        loaded = [Slot(s.agent, s.day, s.capacity, s.parts, standing[s.agent, s.day]) for s in slots]
        # Agents outside the involved set only: a class per set of agents, not per set of technicians.
        agents = {slot.agent for slot in slots}
        calls = [Call(c.key, c.first, c.last, c.latest, c.preference, frozenset(c.excluded & agents)) for c in calls]
        plan = plan_calls(calls, loaded)
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

    def _stands(self, row, known):
        """Whether a planned callback can stay where it is."""
        return (
            (row["user_id"], row["date_planned"]) in known
            and row["user_id"] not in row["involved"]
            and row["first"] <= row["date_planned"] <= row["date_expiry"]
        )

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
        names = {user.id: user.name for user in self.agent_line_ids.user_id.sudo()}
        capacity = {(slot.agent, slot.day): slot.capacity for slot in slots}
        repair = self.env._("Delivered on %(delivered)s; to be called from %(due)s to %(until)s.")
        absent = self.env._("Last visit on %(delivered)s; to be called from %(due)s to %(until)s.")
        where = self.env._(
            "%(agent)s has %(load)s of %(capacity)s calls on %(day)s; no agent and day open to this call has two fewer."
        )
        late = self.env._("The first days are full, so the call goes into the days kept for retries.")
        wish = {
            "morning": self.env._("Call in the morning, as wished."),
            "afternoon": self.env._("Call in the afternoon, as wished."),
            "evening": self.env._("Call in the evening, as wished."),
        }
        no_wish = self.env._("Nobody works at the time that the customer prefers.")
        barred = self.env._("Advisor and technicians of the order do not make this call.")
        short = self.env._("No agent has room for this call until %(until)s. Add agents, days or calls a day.")
        missed = self.env._("The last day, %(until)s, is over: counts as missed.")
        for row in rows:
            if not row["is_included"] or ("delivered" not in row and "load" not in row and not row["is_short"]):
                continue
            values = {"due": row["date_due"], "until": row["date_expiry"], "delivered": row.get("delivered")}
            parts = []
            if row.get("delivered"):
                parts.append((absent if row["kind"] == "absent" else repair) % values)
            if row["reason_code"] == "in_missed":
                parts.append(missed % values)
            elif row["is_short"]:
                parts.append(short % values)
            elif "load" in row:
                place = (row["user_id"], row["date_planned"])
                parts.append(
                    where
                    % {
                        "agent": names[place[0]],
                        "load": row["load"],
                        "capacity": capacity[place],
                        "day": row["date_planned"],
                    }
                )
                if row["is_late"]:
                    parts.append(late)
                if row["time_preference"] != "any":
                    parts.append(wish[row["time_preference"]] if row["is_preference_kept"] else no_wish)
                if row["involved"]:
                    parts.append(barred)
            row["explanation"] = " ".join(parts)

    # Writing ------------------------------------------------------------

    def _write_candidates(self, rows):
        """Replace the candidate rows in two statements, whatever their number."""
        columns = {
            "kind": "varchar",
            "absent_stage": "varchar",
            "repair_order_id": "int4",
            "vehicle_id": "int4",
            "partner_id": "int4",
            "callback_id": "int4",
            "time_preference": "varchar",
            "date_due": "date",
            "date_expiry": "date",
            "is_included": "bool",
            "reason_code": "varchar",
            "user_id": "int4",
            "date_planned": "date",
            "is_short": "bool",
            "explanation": "text",
        }
        cr = self.env.cr
        cr.execute(SQL("DELETE FROM aftersales_callback_candidate WHERE plan_id = %s", self.id))
        if rows:
            names = SQL(", ").join(SQL.identifier(name) for name in columns)
            arrays = SQL(", ").join(
                SQL("%s::%s[]", [row[name] for row in rows], SQL(kind)) for name, kind in columns.items()
            )
            cr.execute(
                SQL(
                    """INSERT INTO aftersales_callback_candidate
                              (plan_id, company_id, create_uid, write_uid, create_date, write_date, %s)
                       SELECT %s, %s, %s, %s, %s, %s, data.*
                         FROM UNNEST(%s) AS data""",
                    names,
                    self.id,
                    self.company_id.id,
                    self.env.uid,
                    self.env.uid,
                    cr.now(),
                    cr.now(),
                    arrays,
                )
            )
        self.env["aftersales.callback.candidate"].invalidate_model()
        self.invalidate_recordset(["candidate_ids"])

    def _write_callbacks(self):
        """Write the candidates that are in as callbacks: new ones in one statement, moved ones in another."""
        cr = self.env.cr
        now = cr.now()
        self.env.flush_all()
        cr.execute(
            SQL(
                """WITH fresh AS (
                       SELECT nextval('aftersales_callback_id_seq') AS number, candidate.*, repair_order.advisor_id
                         FROM (SELECT * FROM aftersales_callback_candidate
                                WHERE plan_id = %(plan)s AND is_included AND callback_id IS NULL
                                ORDER BY id) AS candidate
                         LEFT JOIN aftersales_repair_order AS repair_order
                                ON repair_order.id = candidate.repair_order_id)
                   INSERT INTO aftersales_callback
                          (id, name, company_id, kind, absent_stage, plan_id, repair_order_id, vehicle_id, partner_id,
                           advisor_id, user_id, date_planned, time_preference, date_due, date_expiry, explanation,
                           state, is_made, is_completed, has_problem, customer_demands, attempt_count, failed_count,
                           create_uid, write_uid, create_date, write_date)
                   SELECT number, 'CB' || LPAD(number::text, GREATEST(6, LENGTH(number::text)), '0'), company_id, kind, absent_stage, plan_id,
                          repair_order_id, vehicle_id, partner_id, advisor_id, user_id, date_planned,
                          time_preference, date_due, date_expiry, explanation,
                          CASE WHEN reason_code = 'in_missed' THEN 'missed' ELSE 'planned' END,
                          FALSE, FALSE, FALSE, FALSE, 0, 0, %(uid)s, %(uid)s, %(now)s, %(now)s
                     FROM fresh
                       ON CONFLICT DO NOTHING
                   RETURNING id""",
                plan=self.id,
                uid=self.env.uid,
                now=now,
            )
        )
        created = self.env["aftersales.callback"].browse([row[0] for row in cr.fetchall()])
        cr.execute(
            SQL(
                """UPDATE aftersales_callback AS callback
                      SET user_id = candidate.user_id,
                          date_planned = candidate.date_planned,
                          explanation = COALESCE(candidate.explanation, callback.explanation),
                          write_uid = %s, write_date = %s
                     FROM aftersales_callback_candidate AS candidate
                    WHERE candidate.plan_id = %s AND candidate.callback_id = callback.id
                      AND callback.state = 'planned'
                      AND (callback.user_id, callback.date_planned)
                          IS DISTINCT FROM (candidate.user_id, candidate.date_planned)""",
                self.env.uid,
                now,
                self.id,
            )
        )
        cr.execute(
            SQL(
                """UPDATE aftersales_callback_candidate AS candidate
                      SET callback_id = callback.id
                     FROM aftersales_callback AS callback
                    WHERE candidate.plan_id = %(plan)s AND callback.plan_id = %(plan)s
                      AND candidate.callback_id IS NULL AND candidate.is_included
                      AND callback.kind = candidate.kind AND callback.vehicle_id = candidate.vehicle_id
                      AND callback.repair_order_id IS NOT DISTINCT FROM candidate.repair_order_id""",
                plan=self.id,
            )
        )
        self.env.invalidate_all(flush=False)
        created._complete_raw_rows()

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_replan(self):
        """Take new orders into the running plans every night, and spread the missed days again."""
        domain = [("state", "=", "confirmed"), ("date_to", ">=", fields.Date.today() - relativedelta(months=1))]
        plans = self.search(domain)
        self.env["ir.cron"]._commit_progress(remaining=len(plans))
        for plan in plans:
            plan = plan.try_lock_for_update().filtered_domain(domain)
            if plan and plan.agent_line_ids.filtered("capacity"):
                plan._refresh()
                plan._write_callbacks()
            if not self.env["ir.cron"]._commit_progress(1):
                break


def _subtract(spans, others):
    """Spans without the parts that lie in `others`."""
    result = list(spans)
    for begin, stop in others:
        result = [
            part
            for start, end in result
            for part in ((start, min(end, begin)), (max(start, stop), end))
            if part[0] < part[1]
        ]
    return result


def _parts(spans, tz):
    """Parts of the day in which the spans lie."""
    for start, end in spans:
        begin = datetime.fromtimestamp(start, tz)
        stop = datetime.fromtimestamp(end - 1, tz)
        if begin.hour < 12:
            yield "morning"
        if begin.hour < 18 and stop.hour >= 12:
            yield "afternoon"
        if stop.hour >= 18:
            yield "evening"
