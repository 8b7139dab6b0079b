from odoo import api, fields, models
from odoo.exceptions import UserError

REVEAL_PURPOSES = [
    ("callback", "Callback"),
    ("service", "Service or repair"),
    ("complaint", "Complaint"),
    ("reminder", "Reminder"),
    ("data_check", "Data check"),
    ("other", "Other"),
]

WHAT = [
    ("phone", "Phone"),
    ("mailing_phone", "Mailing phone"),
    ("identity", "ID or company number"),
    ("vin", "VIN"),
    ("callback_phone", "Phone to use for a callback"),
]


class AftersalesReveal(models.Model):
    """Ledger: who looked at which masked number of whom, when and what for."""

    _name = "aftersales.reveal"
    _description = "Revealed Number"
    _inherit = ["aftersales.protected.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"
    _protected_append_only = True

    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="set null")
    user_id = fields.Many2one("res.users", "Seen by", required=True, index=True, ondelete="restrict")
    vehicle_id = fields.Many2one("aftersales.vehicle", index="btree_not_null", ondelete="set null")
    what = fields.Selection(WHAT, "Which Number", required=True)
    purpose = fields.Selection(REVEAL_PURPOSES, required=True)
    date = fields.Datetime("Seen on", required=True, default=fields.Datetime.now, index=True)
    company_id = fields.Many2one("res.company", required=True, index=True)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _note(self, number, what, purpose, partner=None, vehicle=None):
        """Write the look down and return the number; nothing is written where there is none.

        :raise UserError: without one of the purposes
        """
        if purpose not in dict(REVEAL_PURPOSES):
            raise UserError(self.env._("Say what you need the number for: choose a purpose."))
        if not number:
            return False
        self.sudo()._create_protected(
            [
                {
                    "partner_id": partner and partner.id,
                    "vehicle_id": vehicle and vehicle.id,
                    "user_id": self.env.uid,
                    "what": what,
                    "purpose": purpose,
                    "company_id": self.env.company.id,
                }
            ]
        )
        return number
