from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_comeback_days = fields.Integer(related="company_id.aftersales_comeback_days", readonly=False)
    aftersales_import_max_rows = fields.Integer(related="company_id.aftersales_import_max_rows", readonly=False)
    aftersales_import_max_mb = fields.Integer(related="company_id.aftersales_import_max_mb", readonly=False)
