from collections import Counter, defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


class AftersalesCallbackPlan(models.Model):
    """Who is called in a month, by whom and on which day.

    Preview looks at every order and absent car, says why it is in or out and where it would go; nothing is called yet.
    Confirm writes the callbacks. Replan adds what is new and moves only what is not yet done and cannot stay where it
    is: days that have passed, agents who are away. Each may run twice, or in two workers at once.
    """

    _name = "aftersales.callback.plan"
    _description = "Callback Plan"
    _inherit = [
        "aftersales.callback.plan.demand.mixin",
        "aftersales.callback.plan.placing.mixin",
        "aftersales.callback.plan.board.mixin",
        "mail.thread",
        "aftersales.protected.mixin",
    ]
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
        plans = super().create([self._with_month(vals) for vals in vals_list])
        plans._sync_agent_lines()
        return plans

    def write(self, vals):
        if {"date_from", "company_id"}.intersection(vals) and any(plan.state == "confirmed" for plan in self):
            raise UserError(self.env._("The month of a confirmed plan stands. Make another plan for another month."))
        result = super().write(self._with_month(vals))
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
            plan._refresh(confirm=True)
            plan._write_protected({"state": "confirmed", "date_confirmed": fields.Datetime.now()})
        return True

    def action_replan(self):
        """Add what is new and move what cannot stay; what is done stays done."""
        self._check_open({"confirmed"}, self.env._("Only a confirmed plan is planned again. Preview and confirm it."))
        for plan in self:
            plan._lock()
            plan._refresh(confirm=True)
        return True

    def action_view_callbacks(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_callback_action"),
            "domain": [("plan_id", "=", self.id)],
            "context": {"aftersales_callback_customer": 1},
        }

    def action_open_board(self):
        """Open the board: loads by agent and day, reasons, moves and what-if."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id("aftersales_crm.aftersales_plan_board_action")
        return {**action, "context": {"active_id": self.id, "active_model": self._name}}

    def action_view_candidates(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_callback_candidate_action"),
            "domain": [("plan_id", "=", self.id)],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _with_month(self, vals):
        """Whichever day somebody picks in a calendar, the plan is that of its month."""
        day = fields.Date.to_date(vals.get("date_from"))
        return {**vals, "date_from": day.replace(day=1)} if day else vals

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

    def _reckon(self, capacities=None):
        """Say who is in, and where each call goes. Deterministic; writes nothing.

        :param dict capacities: {agent: calls a day}; those of the plan by default
        :return: the rows (`tools/candidates.py`), the slots
        """
        self.env.flush_all()
        rows = self._standing_rows()
        rows += self._repair_rows() if self.include_repair else []
        rows += self._absent_rows() if self.include_absent else []
        self._judge(rows)
        slots = self._slots(capacities)
        self._place(rows, slots)
        return rows, slots

    def _refresh(self, confirm=False):
        """Rewrite the candidate rows: reasons in and out, agent and day; with `confirm` also the callbacks."""
        self.ensure_one()
        self = self.with_company(self.company_id)
        rows, slots = self._reckon()
        self._explain(rows, slots)
        candidates = self.env["aftersales.callback.candidate"]
        if confirm:
            candidates._become_callbacks(self, rows)
        candidates._replace(self, rows)
        short, before = sum(row["is_short"] for row in rows), self.shortage
        self._write_protected({"shortage": short, "shortage_text": self._shortage_text(short, slots)})
        if confirm and short > before:
            self._tell_shortage(short, slots)

    def _tell_shortage(self, short, slots):
        """Tell the service managers, and who made the plan, as soon as calls find no room."""
        group = self.env.ref("aftersales_crm.group_aftersales_manager")
        users_sudo = self.env["res.users"].sudo()
        managers = users_sudo.search(
            [("all_group_ids", "in", group.ids), ("company_ids", "in", self.company_id.ids), ("share", "=", False)]
        )
        told = (managers | self.create_uid.sudo()).filtered(lambda user: user.id != self.env.ref("base.user_root").id)
        self._aftersales_tell(
            told,
            lambda plan: (
                plan.env._("Callback plan %s is short", plan.name),
                plan.env._(
                    "%(shortage)s. Open the board and try more agents or more calls a day.",
                    shortage=plan._shortage_text(short, slots),
                ),
            ),
        )

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
                plan._refresh(confirm=True)
            if not self.env["ir.cron"]._commit_progress(1):
                break
