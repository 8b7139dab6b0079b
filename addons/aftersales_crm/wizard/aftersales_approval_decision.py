from odoo import api, fields, models


class AftersalesApprovalDecision(models.TransientModel):
    """Asks for the reason of a decision and hands it to the approvals, which check everything."""

    _name = "aftersales.approval.decision"
    _description = "Decide with a Reason"

    approval_ids = fields.Many2many("aftersales.approval", required=True)
    decision = fields.Selection([("approved", "Approve"), ("returned", "Return")], required=True, default="returned")
    reason = fields.Text()
    exception_reason = fields.Text(string="Why an Exception")
    allow_exception = fields.Boolean(compute="_compute_allow_exception")
    summary = fields.Text(compute="_compute_summary")

    @api.depends("approval_ids")
    def _compute_allow_exception(self):
        for wizard in self:
            wizard.allow_exception = all(
                wizard.approval_ids.company_id.sudo().mapped("aftersales_allow_exceptions")
            ) and any(not approval.can_decide for approval in wizard.approval_ids)

    @api.depends("approval_ids")
    def _compute_summary(self):
        for wizard in self:
            wizard.summary = "\n".join(f"{row.name}: {row.record_name}" for row in wizard.approval_ids)

    def action_decide(self):
        """Decide all requests of the dialog."""
        self.ensure_one()
        self.approval_ids.decide(self.decision, self.reason, self.exception_reason)
        return {"type": "ir.actions.act_window_close"}
