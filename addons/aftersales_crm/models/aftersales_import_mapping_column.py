from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AftersalesImportMappingColumn(models.Model):
    _name = "aftersales.import.mapping.column"
    _description = "Import Column"
    _order = "mapping_id, sequence, id"
    _rec_name = "header"

    mapping_id = fields.Many2one("aftersales.import.mapping", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True, precompute=True)
    sequence = fields.Integer(default=100)
    header = fields.Char("Column of the File", required=True)
    sample = fields.Char("Values in the File", readonly=True)
    target = fields.Selection("_selection_target", "Goes To", help="Empty: the column is not read.")

    _header_uniq = models.UniqueIndex("(mapping_id, header)", "This column is listed twice.")

    @api.model
    def _selection_target(self):
        return self.env["aftersales.import"]._get_targets()

    @api.constrains("target")
    def _check_target(self):
        for mapping in self.mapping_id:
            targets = [column.target for column in mapping.column_ids if column.target]
            twice = next((target for target in targets if targets.count(target) > 1), None)
            if twice:
                raise ValidationError(
                    self.env._(
                        "Two columns go to “%(target)s”: %(columns)s. Empty one of them.",
                        target=dict(self._selection_target())[twice],
                        columns=", ".join(c.header for c in mapping.column_ids if c.target == twice),
                    )
                )
