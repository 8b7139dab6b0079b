from odoo import models

from ..tools.masking import mask_phone


class AftersalesRepairOrder(models.Model):
    """The phone to use for the callback is a customer's number like any other: read as its mask, shown on demand."""

    _name = "aftersales.repair.order"
    _inherit = ["aftersales.repair.order", "aftersales.masked.number.mixin"]

    def _masked_numbers(self):
        return super()._masked_numbers() | {"callback_phone": mask_phone}

    def write(self, vals):
        return super().write(self._write_numbers(vals))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_aftersales_reveal_callback_phone(self, purpose):
        """Return the number to call about this visit and write down who asked for it and what for."""
        self.ensure_one()
        self.check_access("read")
        self._check_field_access(self._fields["callback_phone"], "write")
        self.partner_id._aftersales_check_card_right()
        return self.env["aftersales.reveal"]._note(
            self.sudo().callback_phone, "callback_phone", purpose, partner=self.partner_id
        )

    def action_open_reveal(self):
        """Open the dialog that asks what the number is needed for."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Show Number"),
            "res_model": "aftersales.reveal.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_repair_order_id": self.id,
                "default_partner_id": self.partner_id.id,
                "default_what": "callback_phone",
            },
        }
