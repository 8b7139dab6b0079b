from odoo import fields, models


class AftersalesRevealWizard(models.TransientModel):
    _inherit = "aftersales.reveal.wizard"

    repair_order_id = fields.Many2one("aftersales.repair.order", readonly=True)

    def _get_numbers(self):
        return super()._get_numbers() | ({"callback_phone"} if self.repair_order_id else set())

    def _reveal(self):
        if self.what == "callback_phone":
            return self.repair_order_id.action_aftersales_reveal_callback_phone(self.purpose)
        return super()._reveal()
