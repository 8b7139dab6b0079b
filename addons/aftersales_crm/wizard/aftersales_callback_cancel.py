from odoo import fields, models

from ..models.aftersales_callback import CANCEL_REASONS


class AftersalesCallbackCancel(models.TransientModel):
    _name = "aftersales.callback.cancel"
    _description = "Cancel Callback"

    callback_ids = fields.Many2many("aftersales.callback", string="Callbacks", required=True)
    reason = fields.Selection(CANCEL_REASONS, required=True)
    note = fields.Char()

    def action_confirm(self):
        self.ensure_one()
        self.callback_ids.action_cancel(self.reason, self.note)
        return {"type": "ir.actions.act_window_close"}
