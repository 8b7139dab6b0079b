from odoo import models


class AftersalesComplaint(models.Model):
    _inherit = "aftersales.complaint"

    _figures_idx = models.Index("(company_id, date_received)")
