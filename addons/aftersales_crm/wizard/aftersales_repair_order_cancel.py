from odoo import fields, models


class AftersalesRepairOrderCancel(models.TransientModel):
    _name = "aftersales.repair.order.cancel"
    _description = "Cancel Repair Order"

    order_ids = fields.Many2many("aftersales.repair.order", string="Orders", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        self.ensure_one()
        self.order_ids.action_cancel(self.reason)
        return {"type": "ir.actions.act_window_close"}
