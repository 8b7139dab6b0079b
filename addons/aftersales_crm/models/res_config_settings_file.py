from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_stocktake_months = fields.Integer(
        related="company_id.aftersales_stocktake_months", readonly=False, string="Stocktake Every (Months)"
    )
    aftersales_export_limit = fields.Integer(related="company_id.aftersales_export_limit", readonly=False)
    aftersales_retention_years = fields.Integer(related="company_id.aftersales_retention_years", readonly=False)
    aftersales_request_days = fields.Integer(related="company_id.aftersales_request_days", readonly=False)
