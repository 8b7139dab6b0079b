from odoo import fields, models


class AftersalesCallbackExplain(models.TransientModel):
    _name = "aftersales.callback.explain"
    _description = "Explain a Flag"

    flag_ids = fields.Many2many("aftersales.callback.flag", required=True)
    note = fields.Char("Explanation", required=True)

    def action_confirm(self):
        self.ensure_one()
        self.flag_ids.action_explain(self.note)
        return {"type": "ir.actions.act_window_close"}
