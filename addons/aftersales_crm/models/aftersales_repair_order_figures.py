from odoo import models


class AftersalesRepairOrder(models.Model):
    _inherit = "aftersales.repair.order"

    _figures_idx = models.Index("(company_id, date_out)")
