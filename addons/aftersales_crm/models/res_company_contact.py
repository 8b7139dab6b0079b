from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_callback_due_days = fields.Integer("Callback Due After (Days)", default=3)
    aftersales_callback_expiry_days = fields.Integer("Callback Dropped After (Days)", default=15)
    aftersales_callback_spread_days = fields.Integer("Callbacks Spread Over (Days)", default=7)
    aftersales_callback_cooldown_days = fields.Integer("Callback Cool-Down (Days)", default=7)
    aftersales_callback_max_attempts = fields.Integer("Failed Attempts Before a Letter", default=5)
    aftersales_callback_capacity = fields.Integer("Calls per Agent and Day", default=80)
    aftersales_callback_claim_minutes = fields.Integer("Call Released After (Minutes)", default=20)
    aftersales_satisfied_score = fields.Integer(
        "Satisfied From", default=4, help="Score of 5 from which a customer counts as satisfied with the last repair."
    )
    aftersales_absent_warning_months = fields.Integer("Absent: Warning After (Months)", default=6)
    aftersales_absent_lost_months = fields.Integer("Absent: Lost After (Months)", default=12)
    aftersales_absent_pool_months = fields.Integer("Absent: Pool After (Months)", default=24)
    aftersales_recheck_share = fields.Float("Re-checked Calls (%)", default=5.0)
    aftersales_recheck_days = fields.Integer("Re-check Within (Days)", default=7)
    aftersales_flag_short_seconds = fields.Integer("Flag Completed Calls Under (Seconds)", default=30)
    aftersales_flag_straight_calls = fields.Integer("Flag Calls Answered Alike", default=20)

    _aftersales_truth_numbers = models.Constraint(
        "CHECK(aftersales_recheck_share BETWEEN 0 AND 100 AND aftersales_recheck_days > 0"
        " AND aftersales_flag_short_seconds >= 0 AND aftersales_flag_straight_calls >= 0)",
        "The share of re-checked calls lies between 0 and 100; days and limits are positive numbers.",
    )
    _aftersales_callback_window = models.Constraint(
        "CHECK(aftersales_callback_due_days >= 0 AND aftersales_callback_expiry_days >= aftersales_callback_due_days)",
        "A callback cannot be dropped before it is due.",
    )
    _aftersales_callback_numbers = models.Constraint(
        "CHECK(aftersales_callback_spread_days >= 0 AND aftersales_callback_cooldown_days >= 0"
        " AND aftersales_callback_max_attempts > 0 AND aftersales_callback_capacity > 0"
        " AND aftersales_callback_claim_minutes > 0)",
        "The callback settings take positive numbers.",
    )
    _aftersales_satisfied_range = models.Constraint(
        "CHECK(aftersales_satisfied_score BETWEEN 1 AND 5)", "Satisfied is a score from 1 to 5."
    )
    _aftersales_absent_order = models.Constraint(
        "CHECK(0 < aftersales_absent_warning_months AND aftersales_absent_warning_months < aftersales_absent_lost_months"
        " AND aftersales_absent_lost_months < aftersales_absent_pool_months)",
        "The stages of absence follow each other: warning, lost, pool.",
    )
