from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

WORKING = ("submitted", "signed", "in_progress")
ENDED = ("verified", "closed", "cancelled")
# Content that nobody changes once the effect is verified
CONTENT = frozenset(
    {
        "name",
        "kind",
        "problem",
        "containment",
        "root_cause",
        "cause_id",
        "problem_category_id",
        "responsible_id",
        "supervisor_id",
        "date_deadline",
        "indicator",
        "target",
        "window_days",
        "measure_ids",
        "why_ids",
        "company_id",
    }
)


class AftersalesCorrectiveAction(models.Model):
    """Corrective or preventive action: planned, signed, carried out, and proven by its effect.

    ===============  ===================================  ====================================================
    Step             Who                                  Only when
    ===============  ===================================  ====================================================
    submit           CRC, SM, GM                          root cause, measures, indicator, target, window;
                                                          the baseline is computed and kept
    sign or return   GM, not proposer, not responsible    approval engine, purpose ``sign``
    start            responsible person                   signed
    done             responsible person                   every measure of the round is done
    verify           supervisor, not who did the work     conclusion; before the window ends only with a reason
    close            supervisor, SM, GM                   effective; the GM is told
    cancel           SM, GM                               reason; no closed complaint depends on it
    extend           responsible person, supervisor       later date and reason; GM decides (purpose ``extend``)
    ===============  ===================================  ====================================================

    A change of measures, responsible person, deadline or indicator voids the signature and asks for it again. An
    action without effect starts a new round; the round before is kept as it was.
    """

    _name = "aftersales.corrective.action"
    _description = "Corrective or Preventive Action"
    _inherit = ["aftersales.approval.mixin", "aftersales.clock.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "date_deadline, id desc"
    _rec_names_search = ["number", "name"]
    _check_company_auto = True

    _protected_fields = frozenset(
        {
            "state",
            "proposed_by_id",
            "date_submitted",
            "date_signed",
            "date_started",
            "date_done",
            "done_by_id",
            "date_verified",
            "verified_by_id",
            "date_closed",
            "date_first_deadline",
            "number",
            "extension_date",
            "extension_reason",
            "extension_count",
            "round",
            "baseline",
            "baseline_numerator",
            "baseline_n",
            "effect_before",
            "effect_before_numerator",
            "effect_before_n",
            "effect_after",
            "effect_after_numerator",
            "effect_after_n",
            "effect_conclusion",
            "effective",
            "return_reason",
            "cancel_reason",
        }
    )

    # Description
    name = fields.Char("Title", required=True, tracking=True, index="trigram")
    number = fields.Char(copy=False, readonly=True, index=True)
    kind = fields.Selection(
        [("corrective", "Corrective"), ("preventive", "Preventive")],
        default="corrective",
        required=True,
        tracking=True,
        help="Preventive: against a problem that is common but has not become a complaint yet.",
    )
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    complaint_ids = fields.Many2many(
        "aftersales.complaint",
        "aftersales_action_complaint_rel",
        "action_id",
        "complaint_id",
        string="Complaints",
        check_company=True,
        copy=False,
    )
    callback_id = fields.Many2one(
        "aftersales.callback", index="btree_not_null", ondelete="set null", check_company=True, copy=False
    )
    problem_category_id = fields.Many2one("aftersales.problem.category", index=True)
    cause_id = fields.Many2one("aftersales.cause", index=True, check_company=True)

    # Analysis
    problem = fields.Text(required=True)
    containment = fields.Text()
    root_cause = fields.Text()
    why_ids = fields.One2many("aftersales.corrective.why", "action_id", "5 Whys", copy=True)
    w_what = fields.Char("What")
    w_where = fields.Char("Where")
    w_when = fields.Char("When")
    w_who = fields.Char("Who")
    w_why = fields.Char("Why")
    w_how = fields.Char("How")

    # Plan
    measure_ids = fields.One2many("aftersales.corrective.measure", "action_id", "Measures", copy=True)
    responsible_id = fields.Many2one(
        "res.users", "Responsible Person", required=True, index=True, tracking=True, check_company=True
    )
    supervisor_id = fields.Many2one(
        "res.users",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        default=lambda self: self.env.user,
    )
    team_ids = fields.Many2many("res.users", "aftersales_action_team_rel", "action_id", "user_id")
    date_deadline = fields.Date("Deadline", required=True, tracking=True, index=True)
    date_first_deadline = fields.Date("First Deadline", copy=False, readonly=True)
    cost_planned = fields.Monetary("Planned Cost")
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Effect, fixed before the work starts
    indicator = fields.Selection(
        [
            ("problem_share", "Share of the problem among completed callbacks"),
            ("complaints_100", "Complaints per 100 orders"),
            ("comebacks", "Comebacks per 100 orders"),
        ],
        default="problem_share",
        required=True,
    )
    baseline = fields.Float(
        "Baseline (%)",
        digits=(6, 1),
        copy=False,
        readonly=True,
        aggregator="avg",
        help="The indicator before the work, in percent.",
    )
    target = fields.Float("Target (%)", digits=(6, 1), aggregator="avg", help="At most this much, in percent.")
    window_days = fields.Integer(
        "Window (Days)", default=lambda self: self.env.company.aftersales_effect_window or 30, required=True
    )
    baseline_numerator = fields.Integer("Baseline Count", copy=False, readonly=True)
    baseline_n = fields.Integer("Baseline n", copy=False, readonly=True)
    effect_before = fields.Float("Before (%)", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_before_numerator = fields.Integer("Before Count", copy=False, readonly=True)
    effect_before_n = fields.Integer("Before n", copy=False, readonly=True)
    effect_after = fields.Float("After (%)", digits=(6, 1), copy=False, readonly=True, aggregator="avg")
    effect_after_numerator = fields.Integer("After Count", copy=False, readonly=True)
    effect_after_n = fields.Integer("After n", copy=False, readonly=True)
    effect_conclusion = fields.Text("Conclusion on the Effect", copy=False, readonly=True)
    effective = fields.Selection([("yes", "Effective"), ("no", "Not Effective")], "Effect", copy=False, readonly=True)

    # Steps
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("signed", "Signed Off"),
            ("in_progress", "In Progress"),
            ("done", "Done"),
            ("verified", "Effect Verified"),
            ("closed", "Closed"),
            ("cancelled", "Cancelled"),
        ],
        "Step",
        default="draft",
        required=True,
        copy=False,
        tracking=True,
        index=True,
        group_expand=True,
    )
    round = fields.Integer(default=1, copy=False, readonly=True)
    round_ids = fields.One2many("aftersales.corrective.round", "action_id", "Earlier Rounds")
    progress_ids = fields.One2many("aftersales.corrective.progress", "action_id", "Progress Notes")
    proposed_by_id = fields.Many2one("res.users", "Proposed by", copy=False, readonly=True)
    date_submitted = fields.Datetime("Submitted on", copy=False, readonly=True)
    date_signed = fields.Datetime("Signed off on", copy=False, readonly=True)
    date_started = fields.Datetime("Started on", copy=False, readonly=True)
    date_done = fields.Datetime("Done on", copy=False, readonly=True)
    done_by_id = fields.Many2one("res.users", "Done by", copy=False, readonly=True)
    date_verified = fields.Datetime("Verified on", copy=False, readonly=True)
    verified_by_id = fields.Many2one("res.users", "Effect Verified by", copy=False, readonly=True)
    date_closed = fields.Datetime("Closed on", copy=False, readonly=True)
    return_reason = fields.Text("Returned because", copy=False, readonly=True)
    cancel_reason = fields.Text("Cancelled because", copy=False, readonly=True)

    # Extension
    extension_date = fields.Date("Extension Asked", copy=False, readonly=True)
    extension_reason = fields.Text("Reason of the Extension", copy=False, readonly=True)
    extension_count = fields.Integer("Extensions", copy=False, readonly=True)

    # Screen
    next_step = fields.Char(compute="_compute_next_step")
    next_who = fields.Char("Who Has It", compute="_compute_next_step")
    next_until = fields.Date("Until", compute="_compute_next_step")
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue", search="_search_is_overdue")
    date_effect_due = fields.Date(
        "Effect Measured on", compute="_compute_date_effect_due", help="The window after the work ends here."
    )
    complaint_count = fields.Integer("Number of Complaints", compute="_compute_complaint_count")
    extension_pending = fields.Boolean("Extension Asked For", compute="_compute_extension_pending")

    _window_positive = models.Constraint("CHECK(window_days > 0)", "The window of the effect is at least one day.")
    _percent_range = models.Constraint(
        "CHECK(target >= 0 AND baseline >= 0)", "Baseline and target cannot be negative."
    )
    _responsible_not_supervisor = models.Constraint(
        "CHECK(responsible_id != supervisor_id)",
        "Responsible person and supervisor are two persons: nobody verifies their own work.",
    )
    _number_uniq = models.UniqueIndex(
        "(company_id, number) WHERE number IS NOT NULL", "Another action has this number already."
    )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("number", "name")
    def _compute_display_name(self):
        for action in self:
            action.display_name = f"{action.number} {action.name}" if action.number else action.name

    @api.depends("state", "responsible_id", "supervisor_id", "proposed_by_id", "date_deadline")
    def _compute_next_step(self):
        for action in self:
            responsible, supervisor = action.responsible_id.name, action.supervisor_id.name
            gm = self.env._("General manager")
            steps = {
                "draft": (self.env._("Submit"), action.proposed_by_id.name or action.create_uid.name, False),
                "submitted": (self.env._("Sign off or return"), gm, False),
                "signed": (self.env._("Start the work"), responsible, action.date_deadline),
                "in_progress": (self.env._("Carry out the measures"), responsible, action.date_deadline),
                "done": (self.env._("Verify the effect"), supervisor, action.date_effect_due),
                "verified": (self.env._("Close and report"), supervisor, False),
            }
            action.next_step, action.next_who, action.next_until = steps.get(action.state, (False, False, False))

    @api.depends("date_deadline", "state")
    def _compute_is_overdue(self):
        for action in self:
            today = action.company_id._aftersales_today() if action.company_id else fields.Date.today()
            late = action.date_deadline and action.date_deadline < today
            action.is_overdue = bool(late and action.state in WORKING)

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("date_deadline", "<", self.env.company._aftersales_today()), ("state", "in", WORKING)]

    @api.depends("date_done", "window_days")
    def _compute_date_effect_due(self):
        for action in self:
            done = action.date_done and action.company_id._aftersales_local(action.date_done).date()
            action.date_effect_due = done and done + timedelta(days=action.window_days)

    @api.depends("complaint_ids")
    def _compute_complaint_count(self):
        for action in self:
            action.complaint_count = len(action.complaint_ids)

    @api.depends("approval_ids.state")
    def _compute_extension_pending(self):
        for action in self:
            action.extension_pending = bool(action._approval_pending("extend"))

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        actions = super().create(vals_list)._without_proof()
        for action in actions.filtered(lambda a: not a.number):
            action._write_protected({"number": self.env["ir.sequence"].next_by_code("aftersales.corrective.action")})
        actions._tell_responsible()
        return actions

    def write(self, vals):
        if not self._has_proof():
            for action in self:
                if action.state in ENDED and not CONTENT.isdisjoint(vals):
                    raise UserError(
                        self.env._("%s has been verified or ended: its content stays as it is.", action.display_name)
                    )
        if "responsible_id" in vals:
            before = {action.id: action.responsible_id for action in self}
        result = super().write(vals)
        if "responsible_id" in vals:
            self.filtered(lambda a: a.responsible_id != before[a.id])._tell_responsible()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        for action in self:
            if action.state != "draft" or action.round > 1 or action.approval_ids:
                raise UserError(
                    self.env._("%s was submitted already: cancel it with a reason instead.", action.display_name)
                )
            action._check_complaints_stand()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """Fix the expected effect and ask the general manager for the sign-off."""
        self.check_access("write")
        for action in self:
            if action.state != "draft":
                raise UserError(self.env._("%s is submitted already.", action.display_name))
            reasons = action._submit_reasons()
            if reasons:
                raise UserError(
                    self.env._("%(action)s: %(reasons)s", action=action.display_name, reasons=" ".join(reasons))
                )
            numerator, n = action._measure_indicator(*action._get_window_before(fields.Datetime.now()))
            action._write_protected(
                {
                    "baseline": 100.0 * numerator / n if n else 0.0,
                    "baseline_numerator": numerator,
                    "baseline_n": n,
                    "state": "submitted",
                    "proposed_by_id": self.env.uid,
                    "date_submitted": fields.Datetime.now(),
                    "date_first_deadline": action.date_first_deadline or action.date_deadline,
                    "return_reason": False,
                }
            )
            action._approval_request("sign")

    def action_withdraw_submission(self):
        """Take the request back to change the plan."""
        self.check_access("write")
        for action in self:
            if action.state != "submitted":
                raise UserError(self.env._("%s does not wait for a sign-off.", action.display_name))
            action._approval_cancel("sign", self.env._("Taken back by %s.", self.env.user.name))
            action._write_protected({"state": "draft"})

    def action_start(self):
        """Start the work."""
        for action in self:
            action._check_person(action.responsible_id, self.env._("the responsible person"))
            if action.state != "signed" or not action._approval_current("sign"):
                raise UserError(self.env._("%s is not signed off.", action.display_name))
            action.sudo()._write_protected({"state": "in_progress", "date_started": fields.Datetime.now()})

    def action_done(self):
        """Report the work as done."""
        for action in self:
            action._check_person(action.responsible_id, self.env._("the responsible person"))
            if action.state != "in_progress" or not action._approval_current("sign"):
                raise UserError(self.env._("%s is not in progress.", action.display_name))
            undone = action._get_round_measures().filtered(lambda m: not m.date_done)
            if undone:
                raise UserError(
                    self.env._(
                        "%(action)s: these measures are not done yet: %(measures)s.",
                        action=action.display_name,
                        measures=", ".join(undone.mapped("name")),
                    )
                )
            action_sudo = action.sudo()
            action_sudo._write_protected(
                {"state": "done", "date_done": fields.Datetime.now(), "done_by_id": self.env.uid}
            )
            action_sudo.activity_unlink(["aftersales_crm.mail_act_aftersales_deadline"])
            action_sudo._tell(
                action.supervisor_id,
                self.env._("%s is done", action.display_name),
                self.env._("Verify its effect when the window ends, on %s.", action.date_effect_due),
            )

    def action_verify(self, effective, conclusion, early_reason=None):
        """Conclude on the effect; without effect a new round starts.

        :param str effective: yes or no
        :param str early_reason: needed when the window has not ended yet
        """
        if effective not in ("yes", "no"):
            raise UserError(self.env._("Say whether the action is effective: yes or no."))
        if not (conclusion or "").strip():
            raise UserError(self.env._("Write down what you conclude from the numbers."))
        for action in self:
            action._check_person(action.supervisor_id, self.env._("the supervisor"))
            if action.state != "done":
                raise UserError(self.env._("%s is not reported as done.", action.display_name))
            workers = action.responsible_id | action._get_round_measures().done_by_id | action.done_by_id
            if self.env.user in workers:
                raise UserError(
                    self.env._("%s: whoever carried out a measure cannot verify its effect.", action.display_name)
                )
            now = fields.Datetime.now()
            early = action.company_id._aftersales_local(now).date() < action.date_effect_due
            if early and not (early_reason or "").strip():
                raise UserError(
                    self.env._(
                        "%(action)s: the window ends on %(date)s. Give a reason to conclude earlier.",
                        action=action.display_name,
                        date=action.date_effect_due,
                    )
                )
            if early:
                conclusion = self.env._(
                    "%(conclusion)s (Concluded before the window ended: %(reason)s)",
                    conclusion=conclusion,
                    reason=early_reason,
                )
            action_sudo = action.sudo()
            action_sudo._write_protected(
                {
                    **action._prepare_effect_values(now),
                    "effective": effective,
                    "effect_conclusion": conclusion,
                    "state": "verified",
                    "date_verified": now,
                    "verified_by_id": self.env.uid,
                }
            )
            if effective == "no":
                action_sudo._do_new_round()

    def action_close(self):
        """Close the action and report it to the general manager."""
        managers = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        for action in self:
            if not any(self.env.user.has_group(group) for group in managers):
                action._check_person(action.supervisor_id, self.env._("the supervisor"))
            action.check_access("read")
            if action.state != "verified":
                raise UserError(self.env._("%s: its effect is not verified.", action.display_name))
            action_sudo = action.sudo()
            action_sudo._write_protected({"state": "closed", "date_closed": fields.Datetime.now()})
            action_sudo._tell(
                action_sudo._get_gm_users(),
                self.env._("%s is closed", action.display_name),
                action._get_effect_sentence(),
            )

    def action_cancel_action(self, reason):
        """Cancel the action with a reason."""
        self.check_access("write")
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason."))
        managers = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        if not any(self.env.user.has_group(group) for group in managers):
            raise AccessError(self.env._("Only the service manager or the general manager cancels an action."))
        for action in self:
            if action.state in ENDED:
                raise UserError(self.env._("%s has ended already.", action.display_name))
            action._check_complaints_stand()
            for purpose in ("sign", "extend"):
                if action._approval_pending(purpose):
                    action._approval_cancel(purpose, reason)
            action._write_protected({"state": "cancelled", "cancel_reason": reason})
            action.message_post(body=self.env._("Cancelled: %s", reason))

    def action_request_extension(self, date, reason):
        """Ask for a later deadline; the general manager decides.

        :param date date: the new deadline
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason."))
        date = fields.Date.to_date(date)
        for action in self:
            action._check_person(
                action.responsible_id | action.supervisor_id, self.env._("the responsible person and the supervisor")
            )
            if action.state not in ("signed", "in_progress"):
                raise UserError(self.env._("%s is not signed off or not at work.", action.display_name))
            if not date or date <= action.date_deadline:
                raise UserError(
                    self.env._(
                        "%(action)s: choose a date after %(date)s.",
                        action=action.display_name,
                        date=action.date_deadline,
                    )
                )
            if action._approval_pending("extend"):
                raise UserError(self.env._("%s waits for the decision on an extension already.", action.display_name))
            action_sudo = action.sudo()
            action_sudo._write_protected({"extension_date": date, "extension_reason": reason})
            action_sudo._approval_request("extend", note=reason)

    def action_add_progress(self, note):
        """Keep a dated progress note."""
        if not (note or "").strip():
            raise UserError(self.env._("Write a note."))
        for action in self:
            action._check_person(
                action.supervisor_id | action.responsible_id | action.team_ids | action.measure_ids.responsible_id,
                self.env._("the supervisor and the team"),
            )
            self.env["aftersales.corrective.progress"].sudo()._create_protected(
                [{"action_id": action.id, "note": note, "user_id": self.env.uid}]
            )

    def action_open_step(self):
        """Open the dialog of the step that the button names."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "aftersales.corrective.step",
            "view_mode": "form",
            "target": "new",
            "context": {"default_action_id": self.id, "default_step": self.env.context.get("step")},
        }

    def action_open_complaints(self):
        self.ensure_one()
        return self.complaint_ids._get_records_action(name=self.env._("Complaints"))

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_person(self, users, role):
        """Refuse everybody but these persons; roles do not help here."""
        self.ensure_one()
        self.check_access("read")
        if self.env.user not in users:
            raise AccessError(
                self.env._(
                    "%(action)s: only %(role)s may do this (%(names)s).",
                    action=self.display_name,
                    role=role,
                    names=", ".join(users.sudo().mapped("name")),
                )
            )

    def _submit_reasons(self):
        """Return what the plan still lacks."""
        self.ensure_one()
        reasons = []
        measures = self._get_round_measures()
        if not (self.root_cause or "").strip():
            reasons.append(self.env._("Write down the root cause."))
        if self.cause_id.is_human_error:
            reasons.append(self.env._("Human error alone is no root cause: ask why the work allowed it."))
        if not measures.filtered(lambda m: m.kind == self.kind):
            kind = dict(self._fields["kind"]._description_selection(self.env))[self.kind]
            reasons.append(self.env._('Add at least one measure of the kind "%s".', kind))
        late = measures.filtered(lambda m: m.date_deadline > self.date_deadline)
        if late:
            reasons.append(self.env._("These measures end after the deadline: %s.", ", ".join(late.mapped("name"))))
        if self.date_deadline < self.company_id._aftersales_today():
            reasons.append(self.env._("The deadline lies in the past."))
        if self.supervisor_id in measures.responsible_id:
            reasons.append(self.env._("The supervisor verifies the effect and cannot carry out a measure."))
        if self.indicator == "problem_share" and not self.problem_category_id:
            reasons.append(self.env._("Choose the problem category that the indicator counts."))
        return reasons

    def _check_complaints_stand(self):
        """Keep the actions that closed complaints rest on."""
        for complaint_sudo in self.sudo().complaint_ids.filtered(lambda c: c.state == "closed"):
            others = complaint_sudo.action_ids.filtered(lambda a: a.state not in ("cancelled", "draft")) - self.sudo()
            if complaint_sudo.level != "general" and not complaint_sudo.no_action_reason and not others:
                raise UserError(
                    self.env._(
                        "%s was closed because this action is under way. Reopen the complaint first.",
                        complaint_sudo.name,
                    )
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_round_measures(self):
        self.ensure_one()
        return self.measure_ids.filtered(lambda m: m.round == self.round)

    def _get_gm_users(self):
        self.ensure_one()
        return self._clock_group_users(self.env.ref("aftersales_crm.group_aftersales_gm"))

    def _tell(self, users, subject, body):
        self.ensure_one()
        if users:
            self.message_notify(partner_ids=users.sudo().partner_id.ids, subject=subject, body=body)

    def _tell_responsible(self):
        for action in self:
            if action.responsible_id != self.env.user:
                action._tell(
                    action.responsible_id,
                    self.env._("You are responsible for %s", action.display_name),
                    self.env._("Deadline: %s.", action.date_deadline),
                )

    def _get_window_before(self, moment):
        return moment - timedelta(days=self.window_days), moment

    def _measure_indicator(self, start, end):
        """Return (count, n) of the indicator between two moments, from the records as they are.

        :param datetime start: naive UTC, included
        :param datetime end: naive UTC, excluded
        """
        self.ensure_one()
        company = ("company_id", "=", self.company_id.id)
        if self.indicator == "problem_share":
            Callback_sudo = self.env["aftersales.callback"].sudo()
            done = [company, ("is_completed", "=", True), ("date_done", ">=", start), ("date_done", "<", end)]
            problem = [("is_problem", "=", True), ("problem_category_id", "child_of", self.problem_category_id.ids)]
            return (
                Callback_sudo.search_count([*done, ("answer_ids", "any", problem)]),
                Callback_sudo.search_count(done),
            )
        Order_sudo = self.env["aftersales.repair.order"].sudo()
        delivered = [
            company,
            ("state", "!=", "cancelled"),
            ("date_out", ">=", start),
            ("date_out", "<", end),
        ]
        n = Order_sudo.search_count(delivered)
        if self.indicator == "comebacks":
            return Order_sudo.search_count([*delivered, ("is_comeback", "=", True)]), n
        complaints = [
            company,
            ("nature", "=", "complaint"),
            ("state", "!=", "merged"),
            ("date_received", ">=", start),
            ("date_received", "<", end),
        ]
        if self.problem_category_id:
            complaints.append(("problem_category_id", "child_of", self.problem_category_id.ids))
        return self.env["aftersales.complaint"].sudo().search_count(complaints), n

    def _prepare_effect_values(self, now):
        """Return the indicator before the start and after the end of the work, each with its n."""
        self.ensure_one()
        before, before_n = self._measure_indicator(*self._get_window_before(self.date_started))
        end = min(self.date_done + timedelta(days=self.window_days), now)
        after, after_n = self._measure_indicator(self.date_done, end)
        return {
            "effect_before": 100.0 * before / before_n if before_n else 0.0,
            "effect_before_numerator": before,
            "effect_before_n": before_n,
            "effect_after": 100.0 * after / after_n if after_n else 0.0,
            "effect_after_numerator": after,
            "effect_after_n": after_n,
        }

    def _get_effect_sentence(self):
        """Return the effect as it was kept at the verification."""
        self.ensure_one()
        names = ("effect_before", "effect_before_numerator", "effect_before_n")
        names += ("effect_after", "effect_after_numerator", "effect_after_n")
        sentence = self._format_effect({name: self[name] for name in names})
        return " ".join(filter(None, [sentence, self.effect_conclusion]))

    def _get_effect_preview(self, now):
        """Return the effect as the records tell it now."""
        self.ensure_one()
        return self._format_effect(self._prepare_effect_values(now))

    def _format_effect(self, values):
        def show(name):
            n = values[f"{name}_n"]
            return f"{values[name]:.1f} % ({values[f'{name}_numerator']}/{n})" if n else "\u2013 (n = 0)"

        indicator = dict(self._fields["indicator"]._description_selection(self.env))[self.indicator]
        return self.env._(
            "%(indicator)s: before %(before)s, after %(after)s, target at most %(target)s.",
            indicator=indicator,
            before=show("effect_before"),
            after=show("effect_after"),
            target=f"{self.target:.1f} %",
        )

    def _do_new_round(self):
        """Keep the round that had no effect and plan anew."""
        for action in self:
            kinds = dict(action.measure_ids._fields["kind"]._description_selection(self.env))
            self.env["aftersales.corrective.round"].sudo()._create_protected(
                [
                    {
                        "action_id": action.id,
                        "round": action.round,
                        "root_cause": action.root_cause,
                        "measures": "\n".join(
                            f"{kinds[measure.kind]}: {measure.name} ({measure.responsible_id.name}, {measure.date_done})"
                            for measure in action._get_round_measures()
                        ),
                        "responsible_id": action.responsible_id.id,
                        "supervisor_id": action.supervisor_id.id,
                        "date_deadline": action.date_deadline,
                        "date_done": action.date_done,
                        "date_verified": action.date_verified,
                        "indicator": dict(action._fields["indicator"]._description_selection(self.env))[
                            action.indicator
                        ],
                        "target": action.target,
                        "effect_before": action.effect_before,
                        "effect_before_n": action.effect_before_n,
                        "effect_after": action.effect_after,
                        "effect_after_n": action.effect_after_n,
                        "effect_conclusion": action.effect_conclusion,
                        "effective": action.effective,
                    }
                ]
            )
            subject = self.env._("%s had no effect: a new round starts", action.display_name)
            action._tell(action._get_gm_users() | action.responsible_id, subject, action._get_effect_sentence())
            action._write_protected(
                {
                    "state": "draft",
                    "round": action.round + 1,
                    "effective": False,
                    "effect_conclusion": False,
                    "date_signed": False,
                    "date_started": False,
                    "date_done": False,
                    "done_by_id": False,
                    "date_verified": False,
                    "verified_by_id": False,
                    "date_first_deadline": False,
                }
            )

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "sign": {
                "name": self.env._("Sign-off"),
                "group": "aftersales_crm.group_aftersales_gm",
                "content": [
                    "kind",
                    "problem",
                    "containment",
                    "root_cause",
                    "responsible_id",
                    "supervisor_id",
                    "date_deadline",
                    "indicator",
                    "problem_category_id",
                    "baseline",
                    "target",
                    "window_days",
                    "round",
                    ("measure_ids", ["kind", "name", "responsible_id", "date_deadline", "round"]),
                ],
            },
            "extend": {
                "name": self.env._("Deadline Extension"),
                "group": "aftersales_crm.group_aftersales_gm",
                "content": ["extension_date", "extension_reason"],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if user == self.responsible_id:
            reasons.append(self.env._("%s is the responsible person of this action.", user.name))
        if purpose == "sign" and user == self.proposed_by_id:
            reasons.append(self.env._("%s proposed this action.", user.name))
        return reasons

    def _approval_approved(self, approval):
        result = super()._approval_approved(approval)
        if approval.purpose == "sign" and self.state == "submitted":
            # Signed again after a change: the work goes on where it was.
            state = "in_progress" if self.date_started else "signed"
            self._write_protected({"state": state, "date_signed": fields.Datetime.now()})
            self._tell(
                self.responsible_id,
                self.env._("%s is signed off", self.display_name),
                self.env._("Please start. Deadline: %s.", self.date_deadline),
            )
        elif approval.purpose == "extend":
            signed = self._approval_current("sign")
            self._write_protected({"date_deadline": self.extension_date, "extension_count": self.extension_count + 1})
            self._approval_rebind(signed, approval)
        return result

    def _approval_returned(self, approval):
        result = super()._approval_returned(approval)
        if approval.purpose == "sign" and self.state == "submitted":
            self._write_protected({"state": "draft", "return_reason": approval.reason})
        return result

    def _approval_voided(self, approval):
        result = super()._approval_voided(approval)
        if approval.purpose == "sign" and self.state in ("signed", "in_progress", "done"):
            self._write_protected({"state": "submitted", "date_signed": False, "date_done": False, "done_by_id": False})
        return result

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_overdue(self):
        """Climb the overdue ladder: before the deadline, overdue, general manager. Each rung once a deadline.

        A rung that is due and not in the ledger is climbed whenever this runs next, so that an outage loses none.
        """
        Reminder_sudo = self.env["aftersales.corrective.reminder"].sudo()
        for company in self.env["res.company"].search([("resource_calendar_id", "!=", False)]):
            today = company._aftersales_today()
            horizon = today + timedelta(days=company.aftersales_action_remind_days)
            domain = [
                ("company_id", "=", company.id),
                ("state", "in", WORKING),
                ("date_deadline", "<=", horizon),
            ]
            actions = self.sudo().search(domain)
            climbed = {
                (action.id, rung, date)
                for action, rung, date in Reminder_sudo._read_group(
                    [("action_id", "in", actions.ids)], ["action_id", "rung", "date_due:day"]
                )
            }
            todo = actions.filtered(
                lambda a, today=today, climbed=climbed: any(
                    (a.id, rung, a.date_deadline) not in climbed for rung in a._get_due_rungs(today)
                )
            )
            self.env["ir.cron"]._commit_progress(remaining=len(todo))
            for action in todo:
                action = action.try_lock_for_update().filtered_domain(domain)
                if action:
                    done = Reminder_sudo.search(
                        [("action_id", "=", action.id), ("date_due", "=", action.date_deadline)]
                    ).mapped("rung")
                    for rung in action._get_due_rungs(today):
                        if rung not in done:
                            action._do_remind(rung)
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    def _get_due_rungs(self, today):
        self.ensure_one()
        company = self.company_id
        starts = {
            "before": self.date_deadline - timedelta(days=company.aftersales_action_remind_days),
            "overdue": self.date_deadline + timedelta(days=1),
            "gm": self.date_deadline + timedelta(days=1 + company.aftersales_action_gm_days),
        }
        return [rung for rung, start in starts.items() if start <= today]

    def _do_remind(self, rung):
        self.ensure_one()
        users = {
            "before": self.responsible_id,
            "overdue": self.responsible_id | self.supervisor_id,
            "gm": self.supervisor_id | self._get_gm_users(),
        }[rung]
        self.env["aftersales.corrective.reminder"].sudo()._create_protected(
            [
                {
                    "action_id": self.id,
                    "rung": rung,
                    "date_due": self.date_deadline,
                    "user_ids": [fields.Command.set(users.ids)],
                }
            ]
        )
        if rung == "before":
            subject = self.env._("%(action)s is due on %(date)s", action=self.display_name, date=self.date_deadline)
        else:
            subject = self.env._(
                "%(action)s is overdue since %(date)s", action=self.display_name, date=self.date_deadline
            )
        self._tell(users, subject, self.env._("Next step: %(step)s (%(who)s).", step=self.next_step, who=self.next_who))
        for user in users:
            self.activity_schedule(
                "aftersales_crm.mail_act_aftersales_deadline",
                date_deadline=self.date_deadline,
                user_id=user.id,
                summary=subject,
            )

    @api.model
    def _cron_weekly_digest(self):
        """Send the general managers the open, late and ineffective actions of their store, once a week."""
        for company in self.env["res.company"].search([("resource_calendar_id", "!=", False)]):
            today = company._aftersales_today()
            last = company.aftersales_digest_date
            if last and today - last < timedelta(days=7):
                continue
            domain = [("company_id", "=", company.id), ("state", "not in", ("closed", "cancelled"))]
            actions = self.sudo().with_company(company).search(domain)
            if actions:
                users = actions[0]._get_gm_users()
                late = actions.filtered(lambda a, today=today: a.state in WORKING and a.date_deadline < today)
                repeated = actions.filtered(lambda a: a.round > 1)
                for user in users:
                    translated = self.with_context(lang=user.lang)
                    body = translated._render_digest(actions, late, repeated)
                    self.env["mail.thread"].message_notify(
                        partner_ids=user.partner_id.ids,
                        subject=translated.env._("Corrective actions of %s", company.name),
                        body=body,
                    )
            company.sudo().aftersales_digest_date = today

    def _render_digest(self, actions, late, repeated):
        parts = (
            (self.env._("Open: %s", len(actions)), actions),
            (self.env._("Late: %s", len(late)), late),
            (self.env._("In another round because the first had no effect: %s", len(repeated)), repeated),
        )
        lines = Markup()
        for title, records in parts:
            items = Markup().join(
                Markup("<li>%s: %s, %s</li>") % (a.display_name, a.responsible_id.name, a.date_deadline)
                for a in records[:20]
            )
            lines += Markup("<p><b>%s</b></p><ul>%s</ul>") % (title, items)
        return lines
