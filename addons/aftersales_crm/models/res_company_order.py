from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_comeback_days = fields.Integer(
        "Comeback Days",
        default=30,
        help="A car that comes back for the same work within these days was not fixed at the first visit.",
    )
    aftersales_import_max_rows = fields.Integer(
        "Rows per Import", default=2_000_000, help="A file with more rows is refused: split it."
    )
    aftersales_import_max_mb = fields.Integer(
        "Megabytes per Import", default=50, help="A larger file is refused: split it."
    )
    _aftersales_comeback_days_positive = models.Constraint(
        "CHECK(aftersales_comeback_days > 0)", "The comeback days must be at least one."
    )
