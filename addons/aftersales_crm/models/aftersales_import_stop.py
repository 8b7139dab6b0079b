from odoo import fields, models


class AftersalesImportStop(models.Model):
    """Somebody asks that an import stops: a row of its own, because the worker holds the import in its hands."""

    _name = "aftersales.import.stop"
    _description = "Import Stop Request"

    import_id = fields.Many2one("aftersales.import", required=True, index=True, ondelete="cascade")
