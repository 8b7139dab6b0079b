from odoo import fields, models


class AftersalesCorrectiveAction(models.Model):
    _inherit = "aftersales.corrective.action"

    report_id = fields.Many2one(
        "aftersales.monthly.report",
        "Monthly Report",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The report whose quality analysis found the problem.",
    )
    finding_id = fields.Many2one(
        "aftersales.monthly.finding", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
