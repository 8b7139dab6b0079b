from odoo import fields, models


class AftersalesDataRequestRefusal(models.TransientModel):
    """Asks why what a person asked of their data is refused; the person is told."""

    _name = "aftersales.data.request.refusal"
    _description = "Refuse a Request About Personal Data"

    request_ids = fields.Many2many("aftersales.data.request", required=True)
    reason = fields.Text("Reason, as the Person Is Told", required=True)

    def action_refuse(self):
        """Refuse the requests with the reason."""
        self.request_ids.action_refuse(self.reason)
        return {"type": "ir.actions.act_window_close"}
