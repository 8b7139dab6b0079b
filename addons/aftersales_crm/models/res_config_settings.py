from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    aftersales_allow_exceptions = fields.Boolean(related="company_id.aftersales_allow_exceptions", readonly=False)
