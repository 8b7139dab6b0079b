from odoo import fields, models

from .aftersales_callback import KINDS, TIME_PREFERENCES


class AftersalesCallbackCandidate(models.Model):
    """Who was looked at for a plan, and why in or out. Written by the plan alone."""

    _name = "aftersales.callback.candidate"
    _description = "Callback Candidate"
    _inherit = ["aftersales.protected.mixin"]
    _order = "plan_id, date_planned, date_due, id"
    _check_company_auto = True
    _protected_append_only = True

    plan_id = fields.Many2one("aftersales.callback.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    kind = fields.Selection(KINDS, required=True)
    repair_order_id = fields.Many2one("aftersales.repair.order", index=True, ondelete="cascade")
    vehicle_id = fields.Many2one("aftersales.vehicle", index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Customer", index=True, ondelete="cascade")
    absent_stage = fields.Selection([("warning", "Warning"), ("lost", "Lost"), ("pool", "Pool")])
    time_preference = fields.Selection(TIME_PREFERENCES, "Preferred Time")
    date_due = fields.Date("Due From")
    date_expiry = fields.Date("Until")
    is_included = fields.Boolean("In")
    reason_code = fields.Selection(
        [
            ("in_repair", "Delivered after repair"),
            ("in_absent", "Long absent"),
            ("in_planned", "Already in this plan"),
            ("in_missed", "The window is over: counts as missed"),
            ("out_refused", "Refused callbacks at the hand-over"),
            ("out_not_asked", "Not asked, and no consent on record"),
            ("out_no_consent", "No consent on record"),
            ("out_blocked", "Consent withdrawn or do-not-call"),
            ("out_no_phone", "No phone number"),
            ("out_no_customer", "No customer on the order"),
            ("out_month", "Another call of this kind this month"),
            ("out_cooldown", "Called a few days ago"),
            ("out_quota", "Above the limit of absent calls"),
        ],
        "Reason",
        required=True,
    )
    user_id = fields.Many2one("res.users", "Agent", index=True)
    date_planned = fields.Date("Day")
    is_short = fields.Boolean("No Room", help="Nobody has room for this call inside its window.")
    explanation = fields.Text("Explanation")
    callback_id = fields.Many2one("aftersales.callback", index="btree_not_null", ondelete="cascade")
