from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import html2plaintext

GROUP_CRC = "aftersales_crm.group_aftersales_crc"
GROUP_MANAGER = "aftersales_crm.group_aftersales_manager"
GROUP_GM = "aftersales_crm.group_aftersales_gm"


class AftersalesMonthlyStepMixin(models.AbstractModel):
    """The way of a monthly report from the consultant to the signature of the general manager, and whom it is told."""

    _name = "aftersales.monthly.step.mixin"
    _description = "Monthly Report: Steps"
    _inherit = ["aftersales.approval.mixin"]

    _protected_fields = frozenset(
        {
            "state",
            "date_submitted",
            "submitted_by_id",
            "date_analysed",
            "analysed_by_id",
            "date_signed",
            "signed_by_id",
        }
    )

    state = fields.Selection(
        [("draft", "Written"), ("submitted", "Submitted"), ("analysed", "Analysed"), ("signed", "Signed Off")],
        "Step",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
        help="Written: the figures are taken. Submitted: the consultant has checked them. Analysed: the service manager"
        " has added the quality analysis. Signed Off: by the general manager.",
    )
    date_submitted = fields.Datetime("Submitted on", readonly=True, copy=False)
    submitted_by_id = fields.Many2one("res.users", "Submitted by", readonly=True, copy=False)
    date_analysed = fields.Datetime("Analysed on", readonly=True, copy=False)
    analysed_by_id = fields.Many2one("res.users", "Analysed by", readonly=True, copy=False)
    date_signed = fields.Datetime("Signed on", readonly=True, copy=False)
    signed_by_id = fields.Many2one("res.users", "Signed by", readonly=True, copy=False)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """The consultant has checked the figures and hands them to the service manager."""
        self._check_role(GROUP_CRC, self.env._("Only a customer relations consultant submits the report."))
        self._check_step("draft")
        self._do_submit()
        return True

    def action_analyse(self):
        """The service manager has written the quality analysis and hands the report to the general manager."""
        self._check_role(GROUP_MANAGER, self.env._("Only the service manager hands the report to the general manager."))
        self._check_step("submitted")
        for report in self:
            if not report.finding_ids and not html2plaintext(report.quality_analysis or "").strip():
                raise UserError(
                    self.env._(
                        "%(report)s has no quality analysis yet. Write it, or add a finding, then hand the report over.",
                        report=report.display_name,
                    )
                )
        self._do_analyse()
        return True

    def action_send_back(self):
        """Ask for the reason, then send the report back to the consultant."""
        self.ensure_one()
        return self._open_dialog("send_back", self.env._("Send Back"))

    def action_revise(self):
        """Ask for the reason, then write a new revision with what is entered today."""
        self.ensure_one()
        return self._open_dialog("revise", self.env._("Write a Revision"))

    def revise(self, reason):
        """Write a revision: a new report of the same month, with what is entered by now.

        :param str reason: why; it stands on the report
        :return: id of the revision (for JSON-2 clients)
        """
        self.ensure_one()
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager revises a report."))
        return self._do_revise(reason).id

    def send_back(self, reason):
        """Send submitted reports back to the consultant, with a reason."""
        self._check_role(GROUP_MANAGER, self.env._("Only the service manager sends a report back."))
        self._check_step("submitted")
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the report goes back."))
        self._write_protected({"state": "draft", "date_submitted": False, "submitted_by_id": False})
        self._outdate_outputs()
        for report in self:
            report.message_post(body=self.env._("Sent back: %(reason)s", reason=reason))
        return True

    @api.model
    def write_month(self, month, company_id=None):
        """Write the report of a month by hand, where the scheduled action has not yet.

        :param month: any day of the month
        :return: id of the report (the one that there is already, if any)
        """
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager writes the report."))
        company = self.env["res.company"].browse(company_id) if company_id else self.env.company
        if company not in self.env.companies:
            raise AccessError(self.env._("You do not work for this store."))
        month = fields.Date.to_date(month).replace(day=1)
        if month > company._aftersales_today():
            raise UserError(self.env._("This month has not begun yet: there is nothing to report."))
        return self._write_month(company, month).id

    def action_check(self):
        """Check totals again, and look for what was entered or changed since the report was written."""
        self._check_role(GROUP_CRC, self.env._("Only a consultant or the service manager checks the report."))
        self.sudo()._run_checks()

    def _open_dialog(self, mode, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "aftersales.monthly.report.dialog",
            "view_mode": "form",
            "target": "new",
            "context": {"default_report_id": self.id, "default_mode": mode},
        }

    def _check_role(self, group, message):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(message)

    def _check_step(self, state):
        states = dict(self._fields["state"]._description_selection(self.env))
        for report in self:
            if report.state != state or not report.is_current:
                raise UserError(
                    self.env._(
                        "%(report)s stands at “%(state)s”%(old)s: this step is not open. Reload the page.",
                        report=report.display_name,
                        state=states[report.state],
                        old="" if report.is_current else self.env._(" and has been revised"),
                    )
                )

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _do_submit(self):
        self._write_protected(
            {"state": "submitted", "date_submitted": fields.Datetime.now(), "submitted_by_id": self.env.uid}
        )
        self._outdate_outputs()
        for report in self:
            report._plan_todo(report._users(GROUP_MANAGER), lambda env: env._("Write the quality analysis"))

    def _do_analyse(self):
        self._write_protected(
            {"state": "analysed", "date_analysed": fields.Datetime.now(), "analysed_by_id": self.env.uid}
        )
        self._outdate_outputs()
        self._close_todo()
        self._approval_request("sign")

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        return {
            **super()._approval_purposes(),
            "sign": {
                "name": self.env._("Sign-off of the monthly report"),
                "group": GROUP_GM,
                "content": [
                    "month",
                    "revision",
                    "figures_hash",
                    "quality_analysis",
                    ("finding_ids", ["name", "cause", "proposal"]),
                ],
            },
        }

    def _approval_independence_reasons(self, purpose, user):
        reasons = super()._approval_independence_reasons(purpose, user)
        if purpose == "sign":
            report = self.sudo()
            if user == report.submitted_by_id:
                reasons.append(self.env._("You submitted this report: another person must sign it."))
            if user == report.analysed_by_id:
                reasons.append(self.env._("You wrote its quality analysis: another person must sign it."))
        return reasons

    def _approval_approved(self, approval):
        if approval.purpose == "sign":
            self._write_protected(
                {"state": "signed", "date_signed": approval.date_decided, "signed_by_id": approval.decided_by_id.id}
            )
            self._outdate_outputs()
        return super()._approval_approved(approval)

    def _approval_returned(self, approval):
        if approval.purpose == "sign":
            self._write_protected({"state": "submitted", "date_analysed": False, "analysed_by_id": False})
            self._outdate_outputs()
        return super()._approval_returned(approval)

    def _approval_voided(self, approval):
        if approval.purpose == "sign" and self.state == "signed":
            self._write_protected({"state": "analysed", "date_signed": False, "signed_by_id": False})
            self._outdate_outputs()
        return super()._approval_voided(approval)

    # ------------------------------------------------------------
    # MAILING
    # ------------------------------------------------------------

    def _users(self, group):
        """Persons of the store with a role."""
        self.ensure_one()
        return (
            self.env["res.users"]
            .sudo()
            .search([("all_group_ids", "in", self.env.ref(group).id), ("company_ids", "in", self.company_id.id)])
            .filtered(lambda user: user._is_internal() and user.id != self.env.ref("base.user_root").id)
        )

    def _notify_written(self):
        """Tell the general manager, with a copy to the service managers, and ask the consultants to check."""
        for report in self.sudo():
            managing, managers = report._users(GROUP_GM), report._users(GROUP_MANAGER)
            lang = report.company_id.partner_id.lang or self.env.lang
            localized = report.with_context(lang=lang)
            localized.message_post(
                subject=localized.display_name,
                body=self.env["ir.qweb"]
                .with_context(lang=lang)
                ._render(
                    "aftersales_crm.monthly_report_message",
                    dict(
                        localized._document_values(),
                        doc=localized,
                        to=", ".join(managing.mapped("name")),
                        copy=", ".join((managers - managing).mapped("name")),
                    ),
                ),
                partner_ids=(managing | managers).partner_id.ids,
                message_type="notification",
                subtype_xmlid="mail.mt_comment",
                author_id=self.env.user.partner_id.id,
            )
            report._plan_todo(
                report._users(GROUP_CRC) - managers, lambda env: env._("Check the monthly report and submit it")
            )

    def _plan_todo(self, users, summary):
        """One open task on the report: that of the step it is at."""
        self._close_todo()
        for user in users:
            env = self.with_context(lang=user.lang).env
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=user.id,
                summary=summary(env),
                date_deadline=self.company_id._aftersales_today() + timedelta(days=2),
            )

    def _close_todo(self):
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])
