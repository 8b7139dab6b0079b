from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_currency_id = fields.Many2one(related="company_id.currency_id", string="Store Currency")
    aftersales_goodwill_limit_staff = fields.Monetary(
        related="company_id.aftersales_goodwill_limit_staff", readonly=False, currency_field="aftersales_currency_id"
    )
    aftersales_goodwill_limit_manager = fields.Monetary(
        related="company_id.aftersales_goodwill_limit_manager", readonly=False, currency_field="aftersales_currency_id"
    )
    aftersales_raise_count = fields.Integer(related="company_id.aftersales_raise_count", readonly=False)
    aftersales_recurrence_days = fields.Integer(related="company_id.aftersales_recurrence_days", readonly=False)
    aftersales_recurrence_km = fields.Integer(related="company_id.aftersales_recurrence_km", readonly=False)
    aftersales_handover_hours = fields.Integer(related="company_id.aftersales_handover_hours", readonly=False)
    aftersales_appeal_days = fields.Integer(related="company_id.aftersales_appeal_days", readonly=False)
    aftersales_safety_words = fields.Char(related="company_id.aftersales_safety_words", readonly=False)
    aftersales_action_remind_days = fields.Integer(related="company_id.aftersales_action_remind_days", readonly=False)
    aftersales_action_gm_days = fields.Integer(related="company_id.aftersales_action_gm_days", readonly=False)
    aftersales_effect_window = fields.Integer(related="company_id.aftersales_effect_window", readonly=False)
    aftersales_complaint_alias_name = fields.Char(related="company_id.aftersales_complaint_alias_name", readonly=False)
    aftersales_complaint_alias_domain = fields.Char(
        related="company_id.aftersales_complaint_alias_id.alias_domain_id.name",
        string="Domain of the Complaint Address",
    )
    aftersales_mail_owner_id = fields.Many2one(related="company_id.aftersales_mail_owner_id", readonly=False)
