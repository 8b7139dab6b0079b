from odoo import fields, models
from odoo.tools import date_utils


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_stocktake_months = fields.Integer(
        "Stocktake Every (Months)", default=12, help="Each vehicle file is checked at least once in this time."
    )

    aftersales_export_limit = fields.Integer(
        "Rows of an Export at Most", default=500, help="An export of customer data has no more rows than this."
    )
    aftersales_retention_years = fields.Integer(
        "Keep Repair Records (Years)",
        default=6,
        help="So long after the last visit the data of a person are kept by duty.",
    )
    aftersales_request_days = fields.Integer(
        "Answer a Person's Request within (Days)",
        default=15,
        help="Copy, correction or deletion of a person's own data.",
    )

    _aftersales_retention_years_positive = models.Constraint(
        "CHECK(aftersales_retention_years >= 0)", "The years of keeping cannot be negative."
    )
    _aftersales_export_limit_positive = models.Constraint(
        "CHECK(aftersales_export_limit >= 0)", "The limit of an export cannot be negative."
    )
    _aftersales_stocktake_months_positive = models.Constraint(
        "CHECK(aftersales_stocktake_months > 0)", "The time between two stocktakes is at least one month."
    )

    def _aftersales_stocktake_limit(self):
        """The day before which the last check of a file is too old."""
        self.ensure_one()
        return date_utils.subtract(self._aftersales_today(), months=self.aftersales_stocktake_months)
