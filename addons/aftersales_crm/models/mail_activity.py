from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    aftersales_clock_id = fields.Many2one(
        "aftersales.clock",
        "Clock",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
        help="The clock whose deadline this reminds of; when it stops, the reminder goes.",
    )
