from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class AftersalesAppeal(models.Model):
    """Right of the staff concerned to object to the findings, without opening the case."""

    _name = "aftersales.appeal"
    _description = "Complaint Appeal"
    _inherit = ["aftersales.protected.mixin", "mail.thread"]
    _order = "id desc"
    _rec_name = "complaint_number"
    _check_company_auto = True
    _protected_fields = frozenset(
        {
            "complaint_id",
            "complaint_number",
            "user_id",
            "finding",
            "state",
            "date_deadline",
            "date_lodged",
            "reason",
            "decision",
            "decided_by_id",
            "date_decided",
            "company_id",
        }
    )

    complaint_id = fields.Many2one("aftersales.complaint", required=True, index=True, ondelete="cascade", readonly=True)
    complaint_number = fields.Char(readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    user_id = fields.Many2one("res.users", "Person Concerned", required=True, index=True, readonly=True)
    finding = fields.Text(
        "Finding of the Investigation", readonly=True, help="What the investigation says about the person concerned."
    )
    state = fields.Selection(
        [
            ("open", "May Appeal"),
            ("lodged", "Lodged"),
            ("upheld", "Upheld"),
            ("dismissed", "Dismissed"),
            ("lapsed", "Lapsed"),
        ],
        "Status",
        default="open",
        required=True,
        readonly=True,
        tracking=True,
    )
    date_deadline = fields.Datetime("Appeal until", readonly=True)
    date_lodged = fields.Datetime("Lodged on", readonly=True)
    reason = fields.Text("Reason of the Appeal", readonly=True)
    decision = fields.Text(readonly=True)
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True)
    date_decided = fields.Datetime("Decided on", readonly=True)

    _open_uniq = models.UniqueIndex(
        "(complaint_id, user_id) WHERE state IN ('open', 'lodged')", "This person has an open appeal already."
    )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_lodge(self, reason):
        """Object to the finding, within the days of the store."""
        if not (reason or "").strip():
            raise UserError(self.env._("Write down why the finding is wrong."))
        for appeal in self:
            appeal.check_access("read")
            if appeal.user_id != self.env.user:
                raise AccessError(self.env._("Only the person concerned may appeal."))
            if appeal.state != "open":
                raise UserError(self.env._("This appeal was lodged or decided already."))
            now = fields.Datetime.now()
            if now > appeal.date_deadline:
                raise UserError(self.env._("The time to appeal ended on %s.", appeal._get_local_deadline()))
            appeal_sudo = appeal.sudo()
            appeal_sudo._write_protected({"state": "lodged", "reason": reason, "date_lodged": now})
            complaint_sudo = appeal_sudo.complaint_id
            complaint_sudo._tell(
                complaint_sudo._get_role_users("gm"), lambda c: (c.env._("Appeal against %s", c.name), reason)
            )

    def action_decide(self, upheld, decision):
        """Decide on the appeal; an upheld one takes the case back to the investigation.

        :param bool upheld: whether the person concerned is right
        """
        if not (decision or "").strip():
            raise UserError(self.env._("Write down the decision."))
        groups = ("aftersales_crm.group_aftersales_gm", "aftersales_crm.group_aftersales_manager")
        if not any(self.env.user.has_group(group) for group in groups):
            raise AccessError(self.env._("Appeals are decided by the general manager or the service manager."))
        for appeal in self:
            appeal.check_access("read")
            complaint = appeal.complaint_id
            complaint.check_access("write")
            if appeal.state != "lodged":
                raise UserError(self.env._("Only an appeal that was lodged can be decided."))
            if self.env.user in appeal.user_id | complaint.investigated_by_id:
                raise UserError(
                    self.env._("An appeal is decided neither by the appellant nor by whoever investigated the case.")
                )
            appeal.sudo()._write_protected(
                {
                    "state": "upheld" if upheld else "dismissed",
                    "decision": decision,
                    "decided_by_id": self.env.uid,
                    "date_decided": fields.Datetime.now(),
                }
            )
            if upheld:
                complaint._do_appeal_upheld(decision)
            appeal.sudo()._aftersales_tell(
                appeal.user_id, lambda a: (a.env._("Decision on your appeal, %s", a.complaint_number), decision)
            )

    def action_open_dialog(self):
        """Open the dialog to lodge or to decide."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Appeal"),
            "res_model": "aftersales.appeal.dialog",
            "view_mode": "form",
            "target": "new",
            "context": {"default_appeal_id": self.id},
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_local_deadline(self):
        local = self.company_id.sudo()._aftersales_local(self.date_deadline)
        return local.strftime("%Y-%m-%d %H:%M")

    @api.model
    def _offer(self, complaint):
        """Tell each person concerned what was found, and until when they may object."""
        self = self.sudo()
        complaint_sudo = complaint.sudo()
        complaint_sudo.appeal_ids.flush_recordset()
        known = complaint_sudo.appeal_ids.filtered(lambda a: a.state in ("open", "lodged")).user_id
        deadline = self._get_deadline(complaint.company_id)
        appeals_sudo = self._create_protected(
            [
                {
                    "complaint_id": complaint.id,
                    "complaint_number": complaint.name,
                    "company_id": complaint.company_id.id,
                    "user_id": user.id,
                    "finding": complaint._get_finding(),
                    "date_deadline": deadline,
                }
                for user in complaint._get_persons_concerned() - known
            ]
        )
        for appeal_sudo in appeals_sudo:
            appeal_sudo._tell_person()

    @api.model
    def _get_deadline(self, company):
        """Return until when an appeal that is offered now may be lodged: so many working days of the store."""
        return company._aftersales_add_working_days(fields.Datetime.now(), company.aftersales_appeal_days)

    def _tell_person(self):
        self.ensure_one()
        self._aftersales_tell(
            self.user_id,
            lambda a: (
                a.env._("Finding in %s: you may appeal", a.complaint_number),
                a.env._(
                    "%(finding)s You may object until %(deadline)s.",
                    finding=a.finding,
                    deadline=a._get_local_deadline(),
                ),
            ),
        )

    @api.model
    def _cron_lapse(self):
        """Close the appeals that nobody lodged in time."""
        self.search([("state", "=", "open"), ("date_deadline", "<", fields.Datetime.now())])._write_protected(
            {"state": "lapsed"}
        )
