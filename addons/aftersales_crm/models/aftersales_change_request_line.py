from odoo import fields, models


class AftersalesChangeRequestLine(models.Model):
    _name = "aftersales.change.request.line"
    _description = "Requested Change"
    _order = "id"
    _rec_name = "field_name"

    request_id = fields.Many2one("aftersales.change.request", required=True, index=True, ondelete="cascade")
    field_name = fields.Char("Field", required=True)
    old_value = fields.Char("Old", readonly=True)
    new_value = fields.Char("New")
    company_id = fields.Many2one(related="request_id.company_id", store=True, index=True)
