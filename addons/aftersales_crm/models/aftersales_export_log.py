from odoo import fields, models


class AftersalesExportLog(models.Model):
    """Ledger: who took which personal data out of the system, when and how many rows."""

    _name = "aftersales.export.log"
    _description = "Export of Personal Data"
    _inherit = ["aftersales.protected.mixin"]
    _order = "id desc"
    _rec_name = "res_model"
    _protected_append_only = True

    user_id = fields.Many2one("res.users", "Exported by", required=True, index=True, ondelete="restrict")
    date = fields.Datetime("Exported on", required=True, default=fields.Datetime.now, index=True)
    res_model = fields.Char("Document Model", required=True)
    field_names = fields.Text("Fields", required=True)
    row_count = fields.Integer("Rows", required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
