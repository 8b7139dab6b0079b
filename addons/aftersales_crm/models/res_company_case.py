from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_goodwill_limit_staff = fields.Monetary("Goodwill Limit of Staff", default=200.0)
    aftersales_goodwill_limit_manager = fields.Monetary("Goodwill Limit of the Service Manager", default=1000.0)
    aftersales_raise_count = fields.Integer("Raise the Level from Complaint No.", default=3)
    aftersales_recurrence_days = fields.Integer("Recurrence within Days", default=90)
    aftersales_recurrence_km = fields.Integer("Recurrence within Kilometres", default=5000)
    aftersales_handover_hours = fields.Integer("Hours to Answer a Hand-over", default=8)
    aftersales_appeal_days = fields.Integer("Working Days to Appeal", default=3)
    aftersales_safety_words = fields.Char(
        "Safety Words",
        default="fire,smoke,airbag,brake,steering,injur,起火,冒烟,自燃,气囊,刹车,制动,转向,受伤",
        help="Words, separated by commas, that open the safety lane when the customer uses them.",
    )
    aftersales_action_remind_days = fields.Integer("Remind of an Action Days Before", default=3)
    aftersales_action_gm_days = fields.Integer("Overdue Action to the General Manager after Days", default=3)
    aftersales_effect_window = fields.Integer("Days to Measure an Effect", default=30)
    aftersales_digest_date = fields.Date("Last Digest of Actions", copy=False)
