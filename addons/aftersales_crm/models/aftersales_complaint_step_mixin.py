from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.complaint_steps import NEXT_STEP, TERMINAL, TRANSITIONS

HANDLING_SCORES = [
    ("1", "1 Very Dissatisfied"),
    ("2", "2 Dissatisfied"),
    ("3", "3 Neither"),
    ("4", "4 Satisfied"),
    ("5", "5 Very Satisfied"),
]


class AftersalesComplaintStepMixin(models.AbstractModel):
    """The steps of a complaint, from the confirmation to its end, and the ways back: each one's action and its effects.

    Every step asks the guards first, moves the state, and then starts, stops or reopens its clocks.
    """

    _name = "aftersales.complaint.step.mixin"
    _description = "Complaint: Steps"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "second_satisfied",
            "second_caller_id",
            "second_note",
            "handling_score",
            "handling_comment",
            "reject_reason",
            "reject_recourse",
            "withdraw_reason",
            "reopen_count",
            "reopen_reason",
            "rework_count",
        }
    )

    second_satisfied = fields.Selection([("yes", "Yes"), ("no", "No")], "Satisfied now", copy=False, tracking=True)
    second_caller_id = fields.Many2one("res.users", "Second Callback by", copy=False)
    second_note = fields.Text("Second Callback Note", copy=False)
    handling_score = fields.Selection(
        HANDLING_SCORES,
        "Satisfaction with the Handling",
        copy=False,
        tracking=True,
        help="How the customer rates the way the complaint was handled, whatever came out of it. Empty: did not say.",
    )
    handling_comment = fields.Text("Customer on the Handling", copy=False)
    unsatisfied_reason = fields.Text(
        "Closed without Satisfaction", copy=False, help="Why it ends here, and which recourse the customer was told."
    )
    reject_reason = fields.Text("Reason of Rejection", copy=False)
    reject_recourse = fields.Text("Recourse Told", copy=False)
    withdraw_reason = fields.Text("Reason of Withdrawal", copy=False)
    reopen_count = fields.Integer("Reopened", copy=False)
    reopen_reason = fields.Text("Reason of Reopening", copy=False)
    rework_count = fields.Integer("Back to Investigation", copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_confirm(self):
        """Confirm the words with the customer."""
        self._check_step("confirm")
        self._do_step("confirm", {"date_confirmed": fields.Datetime.now()})

    def action_carry_out(self):
        """Record that the solution was carried out."""
        self._check_step("carry_out")
        for complaint in self:
            complaint._do_step("carry_out", {"date_carried_out": fields.Datetime.now()})
            complaint._clock_stop("solve")

    def action_record_second_callback(self, satisfied, note=None, handling_score=None, handling_comment=None):
        """Record the second callback.

        :param str satisfied: yes or no
        :param str handling_score: how the customer rates the handling itself, "1" to "5"; empty: did not say
        """
        if handling_score and handling_score not in dict(HANDLING_SCORES):
            raise UserError(self.env._("The handling is rated from 1 to 5."))
        if satisfied not in ("yes", "no"):
            raise UserError(self.env._("Say whether the customer is satisfied now: yes or no."))
        self._check_step("second_callback")
        self._do_step(
            "second_callback",
            {
                "second_satisfied": satisfied,
                "second_caller_id": self.env.uid,
                "second_note": note,
                "handling_score": handling_score or False,
                "handling_comment": handling_comment,
                "date_second_callback": fields.Datetime.now(),
            },
        )

    def action_rework(self, reason):
        """Go back to the investigation because the customer is not satisfied."""
        self._check_reason(reason)
        self._check_step("rework")
        for complaint in self:
            complaint._do_step(
                "rework",
                {
                    **complaint._prepare_solution_back_values(),
                    "rework_count": complaint.rework_count + 1,
                },
                reason,
            )
            complaint._clock_reopen("solve", reason=reason)

    def action_close(self):
        """Close and archive the case."""
        self._check_step("close")
        self._do_end("close", {"closed_by_id": self.env.uid})

    def action_reject(self, reason, recourse):
        """Reject the complaint; the customer is told where to turn."""
        self._check_reason(reason)
        if not (recourse or "").strip():
            raise UserError(self.env._("Say which recourse the customer was told, for instance 12315 or mediation."))
        self._check_step("reject")
        self._do_end(
            "reject", {"reject_reason": reason, "reject_recourse": recourse, "closed_by_id": self.env.uid}, reason
        )

    def action_withdraw(self, reason):
        """The customer withdraws the complaint."""
        self._check_reason(reason)
        self._check_step("withdraw")
        self._do_end("withdraw", {"withdraw_reason": reason, "closed_by_id": self.env.uid}, reason)

    def action_merge(self, target_id):
        """Merge a duplicate into the case that goes on.

        :param int target_id: complaint that goes on
        """
        self._check_step("merge")
        target = self.browse(target_id).exists()
        target.check_access("write")
        for complaint in self:
            complaint._check_merge_target(target)
        for complaint in self:
            if complaint.is_safety or complaint.is_external:
                target.write({name: True for name in ("is_safety", "is_external") if complaint[name]})
            if complaint.nature == "complaint" and target.nature == "grievance":
                target._write_protected({"nature": "complaint"})
            target.concerned_ids |= complaint.concerned_ids
            complaint.external_ids._move(target)
            complaint._do_end("merge", {"merged_into_id": target.id, "closed_by_id": self.env.uid})
            target.message_post(body=self.env._("%s was merged into this case.", complaint.name))

    def action_reopen(self, reason):
        """Reopen an ended case: counted, on its original clock."""
        self._check_reason(reason)
        self._check_step("reopen")
        for complaint in self:
            complaint._do_reopen(reason)

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_merge_target(self, target):
        self.ensure_one()
        if not target or target == self or target.state in TERMINAL:
            raise UserError(self.env._("%s: choose an open case to merge into.", self.name))
        if target.company_id != self.company_id:
            raise UserError(self.env._("%s: the other case belongs to another store.", self.name))
        same_car = self.vehicle_id and self.vehicle_id == target.vehicle_id
        if not same_car and self.partner_id.commercial_partner_id != target.partner_id.commercial_partner_id:
            raise UserError(self.env._("%s: a duplicate is about the same customer or car.", self.name))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_step(self, step, vals=None, reason=None):
        target = TRANSITIONS[step][1]
        for complaint in self.filtered("waiting_for"):
            complaint._do_resume()
        self._write_protected({**(vals or {}), "state": target})
        if reason:
            label = self._get_step_labels()[step]
            for complaint in self:
                complaint.message_post(body=self.env._("%(step)s: %(reason)s", step=label, reason=reason))
        self._update_activities()

    def _do_end(self, step, vals, reason=None):
        now = fields.Datetime.now()
        self._do_step(step, {**vals, "date_closed": now, "date_promised_update": False}, reason)
        for complaint in self:
            complaint._end_custody(now)
            for code in ("classify", "first_reply", "customer_reply", "handle", "solve"):
                complaint._clock_stop(code)
            complaint.sudo().promise_ids._end(ended=True)

    def _do_reopen(self, reason):
        self.ensure_one()
        now = fields.Datetime.now()
        codes = ["solve"]
        codes += ["classify"] if not self.date_classified else []
        codes += ["first_reply"] if not self.date_replied else []
        codes += ["handle"] if not self.date_solution else []
        self._write_protected(
            {
                "state": "classified" if self.date_classified else "received",
                "reopen_count": self.reopen_count + 1,
                "reopen_reason": reason,
                "date_closed": False,
                "closed_by_id": False,
                **self._prepare_solution_back_values(),
            }
        )
        self._start_custody(now, reason=reason)
        for code in codes:
            self._clock_reopen(code, at=now, reason=reason)
        self.message_post(body=self.env._("Reopened: %s", reason))
        self._update_activities()

    def _do_appeal_upheld(self, decision):
        """Investigate again: the person concerned was right."""
        self.ensure_one()
        if self.state == "merged":
            # The case goes on elsewhere: what was found there is looked at again
            self.merged_into_id._do_appeal_upheld(decision)
        elif self.state in TERMINAL:
            self._do_reopen(decision)
        elif self.state in ("investigated", "solution", "carried_out", "second_callback"):
            if self._approval_pending("goodwill"):
                self._approval_cancel("goodwill", decision)
            if self.state in ("carried_out", "second_callback"):
                self._clock_reopen("solve", reason=decision)
            self._do_step("rework", self._prepare_solution_back_values(), decision)

    def _update_activities(self):
        """Keep one activity for whoever is next; idempotent, derived from the state."""
        if self.env.context.get("mail_activity_automation_skip"):
            return
        xmlid = "aftersales_crm.mail_act_complaint_step"
        self.activity_unlink([xmlid])
        for complaint in self:
            step = NEXT_STEP.get(complaint.state)
            user = complaint.owner_id if complaint.state in ("received", "confirmed") else complaint.handler_id
            if complaint.state == "carried_out" or not user:
                user = complaint.owner_id
            if not step or user in complaint._get_persons_concerned():
                continue
            deadline = complaint.next_deadline or fields.Datetime.now()
            complaint.activity_schedule(
                xmlid,
                date_deadline=complaint.company_id._aftersales_local(deadline).date(),
                user_id=user.id,
                summary=complaint.with_context(lang=user.lang)._get_step_labels()[step],
            )
