from odoo import fields, models


class AftersalesAppealDialog(models.TransientModel):
    _name = "aftersales.appeal.dialog"
    _description = "Appeal Dialog"

    appeal_id = fields.Many2one("aftersales.appeal", required=True, ondelete="cascade")
    state = fields.Selection(related="appeal_id.state")
    reason = fields.Text("Why the Finding is Wrong")
    upheld = fields.Selection([("yes", "The appellant is right"), ("no", "The finding stands")], "Decision")
    decision = fields.Text("Reasons of the Decision")

    def action_apply(self):
        """Lodge or decide."""
        self.ensure_one()
        if self.state == "open":
            self.appeal_id.action_lodge(self.reason)
        else:
            self.appeal_id.action_decide(self.upheld == "yes", self.decision)
        return {"type": "ir.actions.act_window_close"}
