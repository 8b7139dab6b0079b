from odoo import fields, models


class AftersalesProblemCategory(models.Model):
    _inherit = "aftersales.problem.category"

    complaint_kind_id = fields.Many2one(
        "aftersales.complaint.kind",
        index=True,
        ondelete="set null",
        help="Kind of a complaint that is raised from an answer of this category.",
    )
