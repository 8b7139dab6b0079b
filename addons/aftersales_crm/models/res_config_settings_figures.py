from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_report_hour = fields.Float(related="company_id.aftersales_report_hour", readonly=False)
    aftersales_satisfied_score = fields.Integer(related="company_id.aftersales_satisfied_score", readonly=False)
    aftersales_return_days = fields.Integer(related="company_id.aftersales_return_days", readonly=False)
