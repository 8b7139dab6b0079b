from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

KINDS = [("repair", "After Repair"), ("absent", "Long Absent"), ("second", "Second Callback")]
TIME_PREFERENCES = [("any", "Any Time"), ("morning", "Morning"), ("afternoon", "Afternoon"), ("evening", "Evening")]
ABSENT_STAGES = [("warning", "Warning"), ("lost", "Lost"), ("pool", "Pool")]
CANCEL_REASONS = [
    ("consent_withdrawn", "Consent Withdrawn"),
    ("do_not_call", "Do Not Call"),
    ("order_cancelled", "Repair Order Cancelled"),
    ("returned", "Customer Came Back by Himself"),
    ("ownership_changed", "Ownership Changed"),
    ("other", "Other"),
]


class AftersalesCallback(models.Model):
    """One customer to be called, once, for one reason.

    | Action                  | Who                          | Restriction                                          |
    |-------------------------|------------------------------|------------------------------------------------------|
    | read                    | consultant, manager, GM      | the company's                                        |
    | read                    | advisor                      | the callbacks of own orders                          |
    | move (agent, day)       | consultant, manager          | planned, inside the window, caller is independent    |
    | call (save an attempt)  | consultant, manager          | planned, consent holds, caller is independent        |
    | cancel                  | manager                      | planned, with a listed reason                        |
    | allow one's own order   | manager                      | if the store allows it, with a reason, not for self  |

    States: planned → done, refused, invalid, unreachable, missed or cancelled. Only `planned` can be called.
    """

    _name = "aftersales.callback"
    _description = "Callback"
    _inherit = [
        "aftersales.callback.placement.mixin",
        "aftersales.callback.letter.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "date_planned, date_due, id"
    _rec_names_search = ["name", "partner_id.name", "vehicle_id.license_plate", "repair_order_id.name"]
    _check_company_auto = True
    _protected_fields = frozenset(
        {
            "name",
            "plan_id",
            "absent_stage",
            "state",
            "cancel_reason",
            "cancel_note",
            "outcome_id",
            "date_done",
            "date_last_attempt",
            "is_made",
            "is_completed",
            "has_problem",
            "customer_demands",
            "questionnaire_id",
            "attempt_ids",
            "attempt_count",
            "failed_count",
            "answer_ids",
            "satisfaction",
            "suggestion",
            "praise",
            "call_later",
            "claimed_by_id",
            "date_claimed",
            "independence_exception",
            "exception_by_id",
            "explanation",
            "advisor_id",
        }
    )

    # Identity
    name = fields.Char("Number", readonly=True, copy=False, index="trigram")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    kind = fields.Selection(KINDS, required=True, default="repair", index=True)
    absent_stage = fields.Selection(ABSENT_STAGES, readonly=True, copy=False)
    plan_id = fields.Many2one("aftersales.callback.plan", readonly=True, copy=False, index=True, check_company=True)
    repair_order_id = fields.Many2one("aftersales.repair.order", index=True, ondelete="restrict", check_company=True)
    vehicle_id = fields.Many2one(
        "aftersales.vehicle",
        compute="_compute_from_order",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_from_order",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    advisor_id = fields.Many2one(
        related="repair_order_id.advisor_id", store=True, index=True, precompute=True, string="Service Advisor"
    )
    # Plan
    user_id = fields.Many2one("res.users", "Agent", index=True, tracking=1, check_company=True)
    date_planned = fields.Date("Day", index=True, tracking=2)
    time_preference = fields.Selection(TIME_PREFERENCES, "Preferred Time", required=True, default="any")
    date_due = fields.Date(
        "Due From", required=True, index=True, default=lambda self: self.env.company._aftersales_today()
    )
    date_expiry = fields.Date(
        "Until",
        compute="_compute_date_expiry",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        index=True,
        help="The last day of the call; after it the callback counts as missed.",
    )
    explanation = fields.Text("Why This Call", readonly=True, copy=False)
    # Progress
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("done", "Done"),
            ("unreachable", "Unreachable"),
            ("refused", "Refused"),
            ("invalid", "Invalid"),
            ("missed", "Missed"),
            ("cancelled", "Cancelled"),
        ],
        "Status",
        default="planned",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=3,
        help="Planned: to be called. Done: the customer answered. Unreachable: too many attempts failed. "
        "Missed: the window passed. Cancelled: taken out for a listed reason.",
    )
    cancel_reason = fields.Selection(CANCEL_REASONS, "Cancelled For", readonly=True, copy=False, tracking=True)
    cancel_note = fields.Char("Cancellation Note", readonly=True, copy=False)
    outcome_id = fields.Many2one(
        "aftersales.callback.outcome", readonly=True, copy=False, index="btree_not_null", tracking=4
    )
    date_done = fields.Datetime("Done On", readonly=True, copy=False, index="btree_not_null")
    date_last_attempt = fields.Datetime("Last Attempt", readonly=True, copy=False)
    call_later = fields.Datetime("Agreed Time", readonly=True, copy=False)
    attempt_ids = fields.One2many("aftersales.callback.attempt", "callback_id", "Attempts", readonly=True)
    attempt_count = fields.Integer("Number of Attempts", readonly=True, copy=False)
    failed_count = fields.Integer("Failed Attempts", readonly=True, copy=False)
    is_made = fields.Boolean("Made", readonly=True, copy=False, index=True)
    is_completed = fields.Boolean("Questionnaire Completed", readonly=True, copy=False)
    # Content
    questionnaire_id = fields.Many2one("aftersales.questionnaire", readonly=True, copy=False, index="btree_not_null")
    answer_ids = fields.One2many("aftersales.callback.answer", "callback_id", "Answers", readonly=True)
    satisfaction = fields.Selection(
        [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")], readonly=True, copy=False
    )
    has_problem = fields.Boolean("Problem", readonly=True, copy=False, index=True)
    customer_demands = fields.Boolean("Demands a Result", readonly=True, copy=False)
    suggestion = fields.Text(readonly=True, copy=False)
    praise = fields.Text(readonly=True, copy=False)
    remark = fields.Text()
    # Claim and independence
    claimed_by_id = fields.Many2one("res.users", "On the Screen Of", readonly=True, copy=False)
    date_claimed = fields.Datetime("Claimed On", readonly=True, copy=False)
    independence_exception = fields.Char("Exception Granted Because", readonly=True, copy=False, tracking=True)
    exception_by_id = fields.Many2one("res.users", "Exception Granted By", readonly=True, copy=False)

    _order_kind_uniq = models.UniqueIndex(
        "(repair_order_id, kind) WHERE repair_order_id IS NOT NULL AND kind <> 'second'",
        "There is a callback of this kind for the repair order already.",
    )
    _absent_uniq = models.UniqueIndex(
        "(vehicle_id, plan_id) WHERE kind = 'absent' AND plan_id IS NOT NULL",
        "This absent car is in the plan of the month already.",
    )
    _window = models.Constraint(
        "CHECK(date_expiry >= date_due)", "The last day of a callback lies before its due day. Mend one of the dates."
    )
    _queue_idx = models.Index("(company_id, user_id, date_planned) WHERE state = 'planned'")
    _expiry_idx = models.Index("(company_id, date_expiry) WHERE state = 'planned'")

    @api.depends("repair_order_id")
    def _compute_from_order(self):
        for callback in self:
            order = callback.repair_order_id
            callback.vehicle_id = order.vehicle_id or callback.vehicle_id
            callback.partner_id = order.partner_id or callback.partner_id or callback.vehicle_id.partner_id

    @api.depends("name", "partner_id")
    @api.depends_context("aftersales_callback_customer")
    def _compute_display_name(self):
        """The number; in a calendar, where nothing else is seen, the customer."""
        with_customer = self.env.context.get("aftersales_callback_customer")
        for callback in self:
            customer = callback.partner_id.name if with_customer else ""
            callback.display_name = customer or callback.name or ""

    @api.depends("date_due")
    def _compute_date_expiry(self):
        for callback in self:
            company = callback.company_id or self.env.company
            days = company.aftersales_callback_expiry_days - company.aftersales_callback_due_days
            callback.date_expiry = callback.date_due and callback.date_due + timedelta(days=days)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        callbacks = super().create(vals_list)
        for callback in callbacks:
            callback._write_protected({"name": f"CB{callback.id:06d}"})
        callbacks._check_placement()
        blocked = callbacks._blocked()
        if blocked and not self.env.su:
            blocked._refuse_blocked()
        return callbacks

    def write(self, vals):
        if self._has_proof():
            return super().write(vals)
        moved = {"user_id", "date_planned"}.intersection(vals)
        identity = {"repair_order_id", "vehicle_id", "partner_id", "kind", "company_id", "date_due", "date_expiry"}
        frozen = identity.intersection(vals)
        if moved or frozen:
            closed = self.filtered(lambda c: c.state != "planned" or (frozen and c.attempt_count))
            if closed:
                raise UserError(
                    self.env._(
                        "%(callback)s is %(state)s: it cannot be moved or given to another customer any more.",
                        callback=closed[0].name,
                        state=closed[0]._selection_label("state"),
                    )
                )
        if frozen and not self.env.su and not self.env.user.has_group("aftersales_crm.group_aftersales_manager"):
            raise AccessError(self.env._("Only the service manager changes whom a callback is for, or its window."))
        places = {callback: (callback.user_id, callback.date_planned) for callback in self} if moved else {}
        result = super().write(vals)
        if moved or frozen:
            self._check_placement()
        if moved:
            self._moved(places)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(self.env._("Callbacks are counted and cannot be deleted. Cancel the callback with a reason."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def action_open_next_call(self):
        """Open the call screen, which claims the next call by itself."""
        return self.env["ir.actions.actions"]._for_xml_id("aftersales_crm.aftersales_call_screen_action")

    def action_open_call(self):
        """Open the call screen on this callback."""
        self.ensure_one()
        action = self.action_open_next_call()
        return {**action, "params": {"callback_id": self.id}}

    def action_cancel(self, reason=None, note=None):
        """Take callbacks out of the base for a listed reason. Opens the dialog when none is given."""
        self._check_manager(self.env._("Only the service manager cancels a callback."))
        if not reason:
            return {
                "type": "ir.actions.act_window",
                "name": self.env._("Cancel Callback"),
                "res_model": "aftersales.callback.cancel",
                "view_mode": "form",
                "target": "new",
                "context": {"default_callback_ids": self.ids},
            }
        if reason not in dict(CANCEL_REASONS):
            raise ValidationError(
                self.env._(
                    "“%(reason)s” is no listed reason. Use one of: %(reasons)s.",
                    reason=reason,
                    reasons=", ".join(code for code, _label in CANCEL_REASONS),
                )
            )
        note = (note or "").strip()
        if reason == "other" and not note:
            raise UserError(self.env._("Say why the callback is cancelled: “Other” needs a note."))
        self._check_planned()
        self._do_cancel(reason, note)
        return True

    def action_allow_exception(self, reason):
        """Let the advisor or technician of the order make this call, in a small store, with a stated reason."""
        self._check_manager(self.env._("Only the service manager allows an exception."))
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("State the reason for the exception: the monthly report counts it."))
        for callback in self:
            if not callback.company_id.aftersales_allow_exceptions:
                raise UserError(
                    self.env._(
                        "%(store)s does not allow exceptions to the independence rules. "
                        "The administrator can allow them in the settings.",
                        store=callback.company_id.display_name,
                    )
                )
            if callback._is_involved(self.env.user):
                raise UserError(self.env._("You worked on this order yourself: somebody else must decide."))
        self._check_planned()
        self._write_protected({"independence_exception": reason, "exception_by_id": self.env.uid})
        return True

    # ------------------------------------------------------------
    # BUSINESS: who may call whom
    # ------------------------------------------------------------

    def _check_manager(self, message):
        self.check_access("write")
        if not (self.env.su or self.env.user.has_group("aftersales_crm.group_aftersales_manager")):
            raise AccessError(message)

    def _check_caller_group(self):
        if not (self.env.su or self.env.user.has_group("aftersales_crm.group_aftersales_crc")):
            raise AccessError(self.env._("Only customer relations consultants make callbacks."))

    def _check_planned(self):
        closed = self.filtered(lambda c: c.state != "planned")
        if closed:
            callback = closed[0]
            if callback.state == "cancelled":
                raise UserError(
                    self.env._(
                        "%(callback)s was cancelled: %(reason)s. Do not call this customer.",
                        callback=callback.name,
                        reason=dict(self._fields["cancel_reason"]._description_selection(self.env)).get(
                            callback.cancel_reason, ""
                        ),
                    )
                )
            raise UserError(
                self.env._(
                    "%(callback)s is %(state)s already. Open the next call.",
                    callback=callback.name,
                    state=callback._selection_label("state"),
                )
            )

    def _involved_users(self):
        """Who worked on the order, and therefore does not ask how it was."""
        self.ensure_one()
        order_sudo = self.repair_order_id.sudo()
        return order_sudo.advisor_id | order_sudo.technician_ids

    def _is_involved(self, user):
        return user in self._involved_users()

    def _cannot_call_reasons(self, user):
        """Return {callback: sentence} for the callbacks that the user must not make."""
        reasons = {}
        for callback in self:
            if callback._is_involved(user) and not callback.independence_exception:
                reasons[callback] = self.env._(
                    "%(user)s worked on order %(order)s and cannot make its callback. Choose another agent.",
                    user=user.name,
                    order=callback.repair_order_id.sudo().name,
                )
        return reasons

    def _blocked(self):
        """Return the callbacks whose customer must not be called any more."""
        blocked = self.browse()
        for company, callbacks in self.grouped("company_id").items():
            consent = self.env["aftersales.consent"].with_company(company)
            partners = consent._blocked_partners(callbacks.partner_id)
            blocked |= callbacks.filtered(lambda c, partners=partners: c.partner_id in partners)
        return blocked

    def _refuse_blocked(self):
        raise UserError(
            self.env._(
                "%(customer)s does not want to be called: consent withdrawn or do-not-call. No callback can be made.",
                customer=self[0].partner_id.display_name,
            )
        )

    # ------------------------------------------------------------
    # BUSINESS: life
    # ------------------------------------------------------------

    def _do_cancel(self, reason, note=None):
        planned = self.filtered(lambda c: c.state == "planned")
        planned._stop_open_screens()
        planned._write_protected(
            {
                "state": "cancelled",
                "cancel_reason": reason,
                "cancel_note": note or False,
                "claimed_by_id": False,
                "date_claimed": False,
            }
        )

    def _follow_delivery(self):
        """Move the window with a corrected delivery; a day outside it is given up, and planned again by night."""
        self.ensure_one()
        company = self.company_id
        delivered = company._aftersales_local(self.repair_order_id.date_out).date()
        values = {
            "date_due": delivered + timedelta(days=company.aftersales_callback_due_days),
            "date_expiry": delivered + timedelta(days=company.aftersales_callback_expiry_days),
        }
        if self.date_planned and not values["date_due"] <= self.date_planned <= values["date_expiry"]:
            values["date_planned"] = False
        self._write_protected(values)

    def _do_miss(self):
        self._write_protected({"state": "missed", "claimed_by_id": False, "date_claimed": False})

    def _callback_problem(self, answers, demand):
        """Hook: the customer named a problem. The case floor opens a grievance or a complaint.

        :param answers: the problem answers (`aftersales.callback.answer`), may be empty when only `demand` is set
        :param bool demand: the customer demands a result
        """

    def _callback_returned(self):
        """Hook: these absent customers came back while their callback was planned."""

    def _complete_raw_rows(self):
        """Mark for computation what a set-based insert could not know: stored fields of this and of upper floors."""
        known = {"name", "company_id", "vehicle_id", "partner_id", "advisor_id", "date_expiry"}
        for name, field in self._fields.items():
            if field.compute and field.store and name not in known:
                self.env.add_to_compute(field, self)

    # ------------------------------------------------------------
    # MAILING
    # ------------------------------------------------------------

    def _message_auto_subscribe_followers(self, updated_values, default_subtype_ids):
        # Eighty calls a day come from the plan and are seen on the call screen: nobody wants a mail for each.
        return []

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_expire(self):
        """Mark callbacks whose window has passed as missed, so that none drops off silently."""
        # A day early by UTC is a day that some store may have ended; each store says for itself.
        late = [("state", "=", "planned"), ("date_expiry", "<=", fields.Date.today())]
        for (company,) in self._read_group(late, ["company_id"]):
            self._expire(company)

    @api.model
    def _expire(self, company):
        # A call that is being saved just now is skipped, and looked at again in the next run.
        expired = self.search(
            [
                ("company_id", "=", company.id),
                ("state", "=", "planned"),
                ("date_expiry", "<", company._aftersales_today()),
            ]
        ).try_lock_for_update()
        expired._do_miss()
        return expired

    def _timeline_texts(self, kind):
        """What the timeline says of each call."""
        texts = {}
        for callback in self:
            score = self.env._("%(score)s of 5", score=callback.satisfaction) if callback.satisfaction else ""
            parts = (callback._selection_label("kind"), callback._selection_label("state"), score, callback.remark)
            texts[callback.id] = " · ".join(filter(None, parts))
        return texts
