from odoo import fields, models


class AftersalesCallbackPlanAgent(models.Model):
    _name = "aftersales.callback.plan.agent"
    _description = "Agent of a Callback Plan"
    _order = "plan_id, user_id, id"
    _rec_name = "user_id"

    plan_id = fields.Many2one(
        "aftersales.callback.plan", required=True, index=True, ondelete="cascade", check_company=True
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True, precompute=True)
    user_id = fields.Many2one("res.users", "Agent", required=True, index=True)
    capacity = fields.Integer(
        "Calls a Day", required=True, default=lambda self: self.env.company.aftersales_callback_capacity
    )

    _user_uniq = models.UniqueIndex("(plan_id, user_id)", "This agent is in the plan already.")
    _capacity_positive = models.Constraint("CHECK(capacity >= 0)", "The calls a day cannot be negative.")
