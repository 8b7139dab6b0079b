from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_stocktake_months = fields.Integer(
        related="company_id.aftersales_stocktake_months", readonly=False, string="Stocktake Every (Months)"
    )
