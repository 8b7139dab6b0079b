from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_callback_due_days = fields.Integer(related="company_id.aftersales_callback_due_days", readonly=False)
    aftersales_callback_expiry_days = fields.Integer(
        related="company_id.aftersales_callback_expiry_days", readonly=False
    )
    aftersales_callback_spread_days = fields.Integer(
        related="company_id.aftersales_callback_spread_days", readonly=False
    )
    aftersales_callback_cooldown_days = fields.Integer(
        related="company_id.aftersales_callback_cooldown_days", readonly=False
    )
    aftersales_callback_max_attempts = fields.Integer(
        related="company_id.aftersales_callback_max_attempts", readonly=False
    )
    aftersales_callback_capacity = fields.Integer(related="company_id.aftersales_callback_capacity", readonly=False)
    aftersales_callback_claim_minutes = fields.Integer(
        related="company_id.aftersales_callback_claim_minutes", readonly=False
    )
    aftersales_absent_warning_months = fields.Integer(
        related="company_id.aftersales_absent_warning_months", readonly=False
    )
    aftersales_absent_lost_months = fields.Integer(related="company_id.aftersales_absent_lost_months", readonly=False)
    aftersales_absent_pool_months = fields.Integer(related="company_id.aftersales_absent_pool_months", readonly=False)
    aftersales_recheck_share = fields.Float(related="company_id.aftersales_recheck_share", readonly=False)
    aftersales_recheck_days = fields.Integer(related="company_id.aftersales_recheck_days", readonly=False)
    aftersales_flag_short_seconds = fields.Integer(related="company_id.aftersales_flag_short_seconds", readonly=False)
    aftersales_flag_straight_calls = fields.Integer(related="company_id.aftersales_flag_straight_calls", readonly=False)
