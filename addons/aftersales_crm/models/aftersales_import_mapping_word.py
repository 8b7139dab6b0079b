from odoo import api, fields, models

from ..tools import dms_values


class AftersalesImportMappingWord(models.Model):
    _name = "aftersales.import.mapping.word"
    _description = "Import Word"
    _order = "mapping_id, meaning, name"

    mapping_id = fields.Many2one("aftersales.import.mapping", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True, precompute=True)
    name = fields.Char("Word in the File", required=True)
    meaning = fields.Selection("_selection_meaning", required=True)

    _name_uniq = models.UniqueIndex(
        "(mapping_id, name, (split_part(meaning, '.', 1)))", "This word has two meanings of the same kind."
    )

    @api.model
    def _selection_meaning(self):
        """Return every value that a word of a file can stand for."""
        order = self.env["aftersales.repair.order"]
        meanings = []
        for kind in dms_values.WORDS:
            field = order._fields[kind].get_description(self.env, ["string", "selection"])
            meanings += [(f"{kind}.{value}", f"{field['string']}: {label}") for value, label in field["selection"]]
        return meanings
