from odoo import fields, models


class AftersalesDocumentType(models.Model):
    _name = "aftersales.document.type"
    _description = "Document Type"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    section = fields.Selection([("sales", "Sales"), ("service", "Service")], required=True, default="sales")
    is_required = fields.Boolean("Required", help="New vehicle files get this document on their checklist.")
    has_expiry = fields.Boolean("Expires", help="The document carries an expiry date.")
    is_personal = fields.Boolean(
        "Belongs to the Owner",
        help="Goes to the closed chapter when the car changes hands; the new owner brings a new one.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: for all companies.")

    _code_uniq = models.UniqueIndex("(code, COALESCE(company_id, 0))", "This document code is used already.")
