from odoo import fields, models

REVEAL_PURPOSES = [
    ("callback", "Callback"),
    ("service", "Service or repair"),
    ("complaint", "Complaint"),
    ("reminder", "Reminder"),
    ("data_check", "Data check"),
    ("other", "Other"),
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
    what = fields.Selection(
        [("phone", "Phone"), ("mailing_phone", "Mailing phone"), ("identity", "ID or company number")],
        "Which Number",
        required=True,
    )
    purpose = fields.Selection(REVEAL_PURPOSES, required=True)
    date = fields.Datetime("Seen on", required=True, default=fields.Datetime.now, index=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
