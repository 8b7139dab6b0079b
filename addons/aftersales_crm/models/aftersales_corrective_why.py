from odoo import fields, models


class AftersalesCorrectiveWhy(models.Model):
    _name = "aftersales.corrective.why"
    _description = "Why Question"
    _order = "sequence, id"

    action_id = fields.Many2one("aftersales.corrective.action", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="action_id.company_id", store=True, index=True)
    sequence = fields.Integer(default=10)
    name = fields.Char("Why?", required=True)
    answer = fields.Char("Because", required=True)
