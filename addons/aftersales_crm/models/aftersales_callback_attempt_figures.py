from odoo import models


class AftersalesCallbackAttempt(models.Model):
    _inherit = "aftersales.callback.attempt"

    _figures_idx = models.Index("(company_id, date_attempt)")
