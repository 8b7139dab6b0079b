from odoo import fields, models


class AftersalesCallbackAbsence(models.Model):
    """Days on which an agent makes no calls, for stores that keep no leave in the system."""

    _name = "aftersales.callback.absence"
    _description = "Agent Absence"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"
    _check_company_auto = True

    user_id = fields.Many2one("res.users", "Agent", required=True, index=True, check_company=True)
    date_from = fields.Date("From", required=True, default=fields.Date.context_today)
    date_to = fields.Date("To", required=True, default=fields.Date.context_today)
    reason = fields.Char()
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)

    _dates_in_order = models.Constraint(
        "CHECK(date_to >= date_from)", "The absence ends before it begins. Mend one of the two dates."
    )
