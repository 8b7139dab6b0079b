from odoo import fields, models


class AftersalesImportSlot(models.Model):
    """The one batch of a store that may be in work: locked while it is written, turned on with each (see the run mixin)."""

    _name = "aftersales.import.slot"
    _description = "Import Slot"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    turn = fields.Integer(required=True, default=0)

    _company_uniq = models.UniqueIndex("(company_id)", "A store has one slot.")
