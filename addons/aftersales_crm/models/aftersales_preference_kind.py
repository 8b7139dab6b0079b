from odoo import fields, models


class AftersalesPreferenceKind(models.Model):
    _name = "aftersales.preference.kind"
    _description = "Preference Kind"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")

    _code_uniq = models.UniqueIndex("(code, COALESCE(company_id, 0))", "This preference code is used already.")
