from odoo import api, fields, models


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
    document_name = fields.Char("Documents", compute="_compute_labels")
    field_labels = fields.Char("What Was Taken", compute="_compute_labels")

    @api.depends("res_model", "field_names")
    @api.depends_context("lang")
    def _compute_labels(self):
        """The names that people know of the documents and their fields; what is no field any more stays as it was noted."""
        for row in self:
            # Sudoed: the name of a kind of document is no secret
            row.document_name = self.env["ir.model"].sudo()._get(row.res_model).name or row.res_model
            row.field_labels = ", ".join(
                self._get_path_label(row.res_model, path) for path in (row.field_names or "").split(", ")
            )

    @api.model
    def _get_path_label(self, model, path):
        labels = []
        for name in path.replace(".id", "id").split("/"):
            field = self.env[model]._fields.get(name) if model in self.env else None
            labels.append(field.get_description(self.env, ["string"])["string"] if field else name)
            model = field.comodel_name if field else None
        return " / ".join(labels)
