from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..tools.corrective import ENDED


class AftersalesCorrectiveStepMixin(models.AbstractModel):
    """The steps of a corrective action and who takes them: named persons, whatever their role.

    The matrix is in the docstring of `aftersales.corrective.action`.
    """

    _name = "aftersales.corrective.step.mixin"
    _description = "Corrective Action: Steps"
    _inherit = ["aftersales.approval.mixin"]

    _protected_fields = frozenset(
        {
            "proposed_by_id",
            "date_submitted",
            "date_signed",
            "date_started",
            "date_done",
            "done_by_id",
            "date_verified",
            "verified_by_id",
            "date_closed",
            "return_reason",
            "cancel_reason",
        }
    )

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
            action._write_protected(
                {
                    **action._prepare_baseline_values(fields.Datetime.now()),
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
            action_sudo._aftersales_tell(
                action.supervisor_id,
                lambda a: (
                    a.env._("%s is done", a.display_name),
                    a.env._("Verify its effect when the window ends, on %s.", format_date(a.env, a.date_effect_due)),
                ),
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
            action._check_verifier()
            now = fields.Datetime.now()
            text = conclusion
            if action.company_id._aftersales_local(now).date() < action.date_effect_due:
                text = action._get_early_conclusion(conclusion, early_reason)
            action_sudo = action.sudo()
            action_sudo._write_protected(
                {
                    **action._prepare_effect_values(now),
                    "effective": effective,
                    "effect_conclusion": text,
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
            action_sudo._aftersales_tell(
                action_sudo._get_gm_users(),
                lambda a: (a.env._("%s is closed", a.display_name), a._get_effect_sentence()),
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

    def _check_verifier(self):
        """Nobody verifies the effect of their own work."""
        self.ensure_one()
        workers = self.responsible_id | self._get_round_measures().done_by_id | self.done_by_id
        if self.env.user in workers:
            raise UserError(
                self.env._("%s: whoever carried out a measure cannot verify its effect.", self.display_name)
            )

    def _get_early_conclusion(self, conclusion, reason):
        """Return the conclusion of an action whose window has not ended: with the reason, which it needs."""
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(
                self.env._(
                    "%(action)s: the window ends on %(date)s. Give a reason to conclude earlier.",
                    action=self.display_name,
                    date=self.date_effect_due,
                )
            )
        return self.env._(
            "%(conclusion)s (Concluded before the window ended: %(reason)s)", conclusion=conclusion, reason=reason
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
            reasons.append(self.env._('Add at least one measure of the kind "%s".', self._selection_label("kind")))
        late = measures.filtered(lambda m: m.date_deadline > self.date_deadline)
        if late:
            reasons.append(self.env._("These measures end after the deadline: %s.", ", ".join(late.mapped("name"))))
        if self.date_deadline < self.company_id._aftersales_today():
            reasons.append(self.env._("The deadline lies in the past."))
        if self.supervisor_id in measures.responsible_id:
            reasons.append(self.env._("The supervisor verifies the effect and cannot carry out a measure."))
        return reasons + self._indicator_reasons()

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

    def _do_new_round(self):
        """Keep the round that had no effect and plan anew."""
        self.env["aftersales.corrective.round"]._keep(self)
        for action in self:
            action._aftersales_tell(
                action._get_gm_users() | action.responsible_id,
                lambda a: (
                    a.env._("%s had no effect: a new round starts", a.display_name),
                    a._get_effect_sentence(),
                ),
            )
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
