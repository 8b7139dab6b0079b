from odoo import models


class AftersalesCallback(models.Model):
    _inherit = "aftersales.callback"

    # One store and one month among those of five hundred: what figures count is found without reading the others
    _figures_due_idx = models.Index("(company_id, date_due)")
    _figures_done_idx = models.Index("(company_id, date_done) WHERE kind = 'absent'")
    _figures_exception_idx = models.Index("(company_id, date_last_attempt) WHERE independence_exception IS NOT NULL")
