from odoo import fields, models
from odoo.tools import date_utils


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_stocktake_months = fields.Integer(
        "Stocktake Every (Months)", default=12, help="Each vehicle file is checked at least once in this time."
    )

    _aftersales_stocktake_months_positive = models.Constraint(
        "CHECK(aftersales_stocktake_months > 0)", "The time between two stocktakes is at least one month."
    )

    def _aftersales_stocktake_limit(self):
        """The day before which the last check of a file is too old."""
        self.ensure_one()
        return date_utils.subtract(self._aftersales_today(), months=self.aftersales_stocktake_months)
