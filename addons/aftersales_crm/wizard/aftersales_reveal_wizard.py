from odoo import fields, models
from odoo.exceptions import UserError

from ..models.aftersales_reveal import REVEAL_PURPOSES, WHAT


class AftersalesRevealWizard(models.TransientModel):
    """Show a masked number to who says what it is needed for; the look is written down."""

    _name = "aftersales.reveal.wizard"
    _description = "Show a Masked Number"

    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)
    vehicle_id = fields.Many2one("aftersales.vehicle", readonly=True)
    what = fields.Selection(WHAT, "Which Number", required=True, default="phone")
    purpose = fields.Selection(REVEAL_PURPOSES, "What For")

    def action_reveal(self):
        """Write the look down and show the number. The number itself is not kept."""
        self.ensure_one()
        if self.what not in self._get_numbers():
            raise UserError(self.env._("There is no such number here. Choose another one."))
        owner = self.vehicle_id or self.partner_id
        number = self._reveal()
        if not number:
            raise UserError(self.env._("%(customer)s has no such number on the card.", customer=owner.display_name))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": owner.display_name,
                "message": number,
                "type": "info",
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _get_numbers(self):
        """Hook: the numbers that can be asked for here."""
        self.ensure_one()
        return {"vin"} if self.vehicle_id else {"phone", "mailing_phone", "identity"} if self.partner_id else set()

    def _reveal(self):
        """Hook: write the look down and return the number."""
        if self.what == "vin":
            return self.vehicle_id.action_aftersales_reveal_vin(self.purpose)
        return self.partner_id._aftersales_reveal(self.what, self.purpose)
