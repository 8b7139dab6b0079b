from datetime import timedelta

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_report_hour = fields.Float(
        "Report Hour",
        default=18.0,
        help="On the last day of the month, from this hour of the store on, the monthly"
        " report is written. What is entered later goes into a revision.",
    )
    aftersales_return_days = fields.Integer(
        "Win-Back Days", default=90, help="A lost customer has returned when a repair order follows within these days."
    )

    _aftersales_report_hour_range = models.Constraint(
        "CHECK(aftersales_report_hour >= 0 AND aftersales_report_hour < 24)",
        "The hour of the report lies between 0 and 24.",
    )
    _aftersales_return_days_positive = models.Constraint(
        "CHECK(aftersales_return_days > 0)", "The win-back days are at least one."
    )

    def _aftersales_last_due_month(self):
        """First day of the latest month whose report is due: this one from its last day's hour on, else the last one."""
        self.ensure_one()
        now = self._aftersales_local(fields.Datetime.now())
        today = now.date()
        month = today.replace(day=1)
        is_last_day = (today + timedelta(days=1)).month != today.month
        if is_last_day and now.hour + now.minute / 60 >= self.aftersales_report_hour:
            return month
        return (month - timedelta(days=1)).replace(day=1)
