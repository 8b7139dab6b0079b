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
        owner = self.vehicle_id if self.what == "vin" else self.partner_id
        if self.what == "vin":
            number = owner.action_aftersales_reveal_vin(self.purpose)
        else:
            number = owner._aftersales_reveal(self.what, self.purpose)
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
