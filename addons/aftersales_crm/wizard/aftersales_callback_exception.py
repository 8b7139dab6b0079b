from odoo import fields, models


class AftersalesCallbackException(models.TransientModel):
    _name = "aftersales.callback.exception"
    _description = "Allow an Exception"

    callback_id = fields.Many2one("aftersales.callback", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.callback_id.action_allow_exception(self.reason)
        return {"type": "ir.actions.act_window_close"}
