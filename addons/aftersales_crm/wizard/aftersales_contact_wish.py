from odoo import fields, models

from ..models.aftersales_consent import CHANNELS, PURPOSES


class AftersalesContactWish(models.TransientModel):
    """The customer's wish how to be reached, with the reason in the customer's words."""

    _name = "aftersales.contact.wish"
    _description = "Wish How to Be Reached"

    partner_id = fields.Many2one("res.partner", "Customer", required=True, readonly=True)
    wish = fields.Selection(
        [
            ("do_not_call", "Do not call any more"),
            ("allow_calls", "Calls are allowed again"),
            ("give", "Gives consent"),
            ("withdraw", "Withdraws consent"),
        ],
        required=True,
        default="do_not_call",
    )
    purpose = fields.Selection(PURPOSES, default="callback")
    channel = fields.Selection(CHANNELS, default="phone")
    reason = fields.Char("In the Customer's Words", required=True)

    def action_confirm(self):
        """Carry the wish out at once."""
        self.ensure_one()
        partner = self.partner_id
        partner._aftersales_check_card_right()
        consents = self.env["aftersales.consent"]
        if self.wish == "do_not_call":
            partner.action_aftersales_do_not_call(self.reason)
        elif self.wish == "allow_calls":
            partner.action_aftersales_allow_calls(self.reason)
        elif self.wish == "withdraw":
            consents._withdraw(partner, self.purpose, self.channel, self.reason)
        elif not consents._given_partners(partner, self.purpose, self.channel):
            consents.create(
                [
                    {
                        "partner_id": partner.id,
                        "purpose": self.purpose,
                        "channel": self.channel,
                        "basis": "verbal",
                        "wording_version": self.reason,
                    }
                ]
            )
        return {"type": "ir.actions.act_window_close"}
