from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.complaint_steps import NEXT_STEP, TERMINAL, TRANSITIONS


class AftersalesComplaintGuardMixin(models.AbstractModel):
    """Who may do a step of a complaint, and what it still lacks: sentences that speak against it.

    The screen ("Still Needed") and the refusal come from the same sentences. The matrix is in the docstring of
    `aftersales.complaint`; the graph of the steps in `tools/complaint_steps.py`.
    """

    _name = "aftersales.complaint.guard.mixin"
    _description = "Complaint: Guards of the Steps"
    _inherit = ["aftersales.protected.mixin"]

    next_step = fields.Char(compute="_compute_next_step")
    next_who = fields.Char("Who Has It", compute="_compute_next_step")
    next_missing = fields.Text("Still Needed", compute="_compute_next_missing")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("state", "owner_id", "handler_id", "level", "waiting_for", "approval_ids.state", "handover_to_id")
    def _compute_next_step(self):
        labels = self._get_step_labels()
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            complaint.next_step = labels.get(step, False)
            owner = complaint.owner_id.name
            handler = complaint.handler_id.name or owner
            decider = self.env._("Service manager") if complaint.level == "general" else self.env._("General manager")
            who = {
                "received": owner,
                "confirmed": self.env._("Service manager"),
                "classified": handler,
                "investigated": handler,
                "solution": handler,
                "carried_out": self.env._("Consultant, not %s", handler),
                "second_callback": decider,
            }.get(complaint.state, False)
            if complaint.state == "solution" and complaint._approval_pending("goodwill"):
                complaint.next_step = self.env._("Decide on the goodwill")
                who = self.env._("General manager")
            if complaint.state == "second_callback" and complaint.second_satisfied == "no":
                complaint.next_step = self.env._("Investigate again, or close without satisfaction")
            if complaint.waiting_for:
                complaint.next_step = self.env._("Waiting for: %s", complaint._selection_label("waiting_for"))
            complaint.next_who = who

    @api.depends(
        "state",
        "partner_id",
        "kind_id",
        "facts",
        "statement_customer",
        "statement_staff",
        "cause_id",
        "department",
        "root_cause",
        "responsible_main_id",
        "solution",
        "second_satisfied",
        "action_ids",
        "no_action_reason",
        "safety_statement",
        "stop_driving",
        "maker_report",
        "external_ids.state",
        "external_ids.item_ids.value",
        "unsatisfied_reason",
        "is_safety",
        "is_external",
        "level",
    )
    def _compute_next_missing(self):
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            complaint.next_missing = "\n".join(complaint._content_reasons(step)) if step else False

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_step(self, step):
        """Raise with every reason why the current user may not do the step on these records now."""
        self.check_access("write")
        messages = []
        for complaint in self:
            reasons = complaint._step_reasons(step)
            if reasons:
                messages.append(f"{complaint.name}: " + " ".join(reasons))
        if messages:
            raise UserError("\n".join(messages))

    def _step_reasons(self, step):
        """Return the sentences that speak against the step: state, person, content."""
        self.ensure_one()
        states, _target = TRANSITIONS[step]
        labels = self._get_step_labels()
        if self.state not in states:
            state = self._selection_label("state")
            return [self.env._('"%(step)s" is not possible in the step "%(state)s".', step=labels[step], state=state)]
        return self._person_reasons(step) + self._content_reasons(step)

    def _person_reasons(self, step):
        self.ensure_one()
        user = self.env.user
        if user in self._get_persons_concerned():
            return [self.env._("You are concerned by this complaint and cannot handle it.")]
        is_gm = user.has_group("aftersales_crm.group_aftersales_gm")
        is_manager = user.has_group("aftersales_crm.group_aftersales_manager")
        is_crc = user.has_group("aftersales_crm.group_aftersales_crc")
        is_worker = is_gm or is_manager or user in self.owner_id | self.handler_id
        decides = is_gm or (is_manager and self.level == "general")
        if step in ("confirm", "investigate", "propose", "revise", "carry_out", "rework") and not is_worker:
            return [self.env._("Only its owner, its handler, the service manager or the general manager may do this.")]
        if step == "withdraw" and not (decides or (self.level == "general" and is_worker)):
            return [self.env._("A case of this level is ended by the general manager.")]
        if step in ("close", "reject") and not decides:
            if self.level == "general":
                return [self.env._("Only the service manager or the general manager may do this.")]
            return [self.env._("A case of this level is ended by the general manager.")]
        if step in ("classify", "merge") and not (is_manager or is_gm):
            return [self.env._("Only the service manager or the general manager may do this.")]
        if step in ("second_callback", "reopen") and not (is_crc or is_gm):
            return [self.env._("Only a consultant, the service manager or the general manager may do this.")]
        if step == "second_callback":
            return self._second_caller_reasons(user)
        return []

    def _content_reasons(self, step):
        """Return what the step still lacks."""
        self.ensure_one()
        lacks = {
            "confirm": self._confirm_lacks,
            "classify": self._classify_lacks,
            "investigate": self._investigate_lacks,
            "propose": self._propose_lacks,
            "carry_out": self._carry_out_lacks,
            "rework": self._rework_lacks,
            "close": self._close_lacks,
        }
        reasons = lacks[step]() if step in lacks else []
        if step in ("close", "reject", "withdraw"):
            reasons += self._lane_reasons()
        if step in ("close", "reject", "withdraw", "merge"):
            reasons += self._pending_reasons()
        return reasons

    def _lacks(self, *demands):
        """Return the sentences of the demands, pairs of value and sentence, whose value is empty."""
        return [text for value, text in demands if not (value.strip() if isinstance(value, str) else value)]

    def _confirm_lacks(self):
        # A colleague may own a car; only a mail from a staff address says nothing about who complains
        is_staff = self.source == "email" and self.partner_id.sudo()._aftersales_is_staff()
        return self._lacks((not is_staff, self.env._("The complainant is a colleague: name the customer.")))

    def _classify_lacks(self):
        return self._lacks((self.kind_id, self.env._("Choose the kind.")))

    def _investigate_lacks(self):
        reasons = self._lacks(
            (self.facts, self.env._("Write down the facts.")),
            (self.statement_customer, self.env._("Hear the customer's side.")),
            (self.statement_staff, self.env._("Hear our staff's side.")),
            (self.cause_id, self.env._("Choose the cause.")),
            (self.department, self.env._("Name the department.")),
            (self.responsible_main_id, self.env._("Name the main responsible.")),
        )
        return reasons + self._recurrence_reasons()

    def _propose_lacks(self):
        return self._lacks((self.solution, self.env._("Write down the solution.")))

    def _carry_out_lacks(self):
        if self._approval_pending("goodwill"):
            return [self.env._("The general manager has not decided on the goodwill yet.")]
        if self.needs_goodwill_approval and not self._approval_current("goodwill"):
            return [self.env._("The goodwill is above the limit and not approved.")]
        return []

    def _rework_lacks(self):
        return [self.env._("The customer is satisfied.")] if self.second_satisfied != "no" else []

    def _close_lacks(self):
        reasons = self._lacks(
            (
                self.second_satisfied == "yes" or self.unsatisfied_reason,
                self.env._("The customer is not satisfied: say why it ends here and which recourse was told."),
            )
        )
        if self.level != "general":
            actions = self.action_ids.filtered(lambda a: a.state not in ("cancelled", "draft"))
            reasons += self._lacks(
                (self.root_cause, self.env._("An important or urgent case needs a root cause.")),
                (
                    not self.cause_id.is_human_error,
                    self.env._("Human error alone is no root cause: choose the cause behind it."),
                ),
                (
                    actions or self.no_action_reason,
                    self.env._(
                        "An important or urgent case needs a submitted corrective action, or the reason for none."
                    ),
                ),
            )
        return reasons + self._recurrence_reasons()

    def _pending_reasons(self):
        """Return the answers that are awaited: no case ends under them."""
        reasons = []
        if self.handover_to_id:
            reasons.append(self.env._("A hand-over waits for its answer."))
        if self._approval_pending("goodwill"):
            reasons.append(self.env._("The general manager has not decided on the goodwill yet."))
        return reasons

    def _check_people(self):
        self.check_access("write")
        for complaint in self:
            if self.env.user in complaint._get_persons_concerned():
                raise AccessError(
                    self.env._("%s: you are concerned by this complaint and cannot handle it.", complaint.name)
                )

    def _check_worker(self):
        groups = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        if any(self.env.user.has_group(group) for group in groups):
            return
        for complaint in self:
            if self.env.user not in complaint.owner_id | complaint.handler_id:
                raise AccessError(
                    self.env._(
                        "%s: only its owner, its handler, the service manager or the general manager may do this.",
                        complaint.name,
                    )
                )

    def _check_contact(self):
        """Consultants speak with every customer, others with those of their cases."""
        if not self.env.user.has_group("aftersales_crm.group_aftersales_crc"):
            self._check_worker()

    def _check_decider_or_handler(self):
        groups = ("aftersales_crm.group_aftersales_manager", "aftersales_crm.group_aftersales_gm")
        if any(self.env.user.has_group(group) for group in groups):
            return
        for complaint in self:
            if self.env.user != complaint.handler_id:
                raise AccessError(
                    self.env._(
                        "%s: only its handler, the service manager or the general manager may do this.", complaint.name
                    )
                )

    def _check_group(self, *groups):
        if not any(self.env.user.has_group(group) for group in groups):
            names = ", ".join(self.env.ref(group).sudo().name for group in groups)
            raise AccessError(self.env._("Only these roles may do this: %s.", names))

    def _check_open(self):
        for complaint in self:
            if complaint.state in TERMINAL:
                raise UserError(self.env._("%s has ended. Reopen it with a reason.", complaint.name))

    def _check_reason(self, reason):
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason."))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_step_labels(self):
        return {
            "second_exception": self.env._("Allow an Exception"),
            "confirm": self.env._("Confirm with the Customer"),
            "classify": self.env._("Classify"),
            "investigate": self.env._("Settle Investigation"),
            "propose": self.env._("Propose Solution"),
            "revise": self.env._("Revise Solution"),
            "carry_out": self.env._("Carried Out"),
            "second_callback": self.env._("Second Callback"),
            "rework": self.env._("Investigate Again"),
            "close": self.env._("Close"),
            "reject": self.env._("Reject"),
            "withdraw": self.env._("Withdraw"),
            "merge": self.env._("Merge"),
            "reopen": self.env._("Reopen"),
            "reply": self.env._("Reply to the Customer"),
            "pause": self.env._("Pause"),
            "handover": self.env._("Hand Over"),
            "refuse_handover": self.env._("Refuse Hand-over"),
            "change_level": self.env._("Change Level"),
            "leave_lane": self.env._("Leave Lane"),
            "promise": self.env._("Promise an Update"),
            "involve": self.env._("Involve an External Body"),
            "answer_external": self.env._("Answer the External Body"),
            "settle_external": self.env._("Settled with the External Body"),
        }
