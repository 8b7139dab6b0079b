from odoo import api, fields, models

from ..tools import dms_values


class AftersalesImportMapping(models.Model):
    """How the files of one source are to be read. Saved with the first file and used for all the later ones."""

    _name = "aftersales.import.mapping"
    _description = "Import Source"
    _order = "name, id"

    name = fields.Char("Source", required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    date_order = fields.Selection(
        [
            ("ymd", "Year first only (2026-03-05)"),
            ("dmy", "Day, month, year (05/03/2026)"),
            ("mdy", "Month, day, year (03/05/2026)"),
        ],
        "Dates",
        required=True,
        default="ymd",
        help="Dates that begin with the year are always understood. Say here how to read the others.",
    )
    column_ids = fields.One2many("aftersales.import.mapping.column", "mapping_id", "Columns", copy=True)
    word_ids = fields.One2many("aftersales.import.mapping.word", "mapping_id", "Words", copy=True)
    import_ids = fields.One2many("aftersales.import", "mapping_id", "Imports")
    import_count = fields.Integer(compute="_compute_import_count")

    @api.depends("import_ids")
    def _compute_import_count(self):
        counts = dict(
            self.env["aftersales.import"]._read_group([("mapping_id", "in", self.ids)], ["mapping_id"], ["__count"])
        )
        for mapping in self:
            mapping.import_count = counts.get(mapping._origin, 0)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_imports(self):
        return self.import_ids._get_records_action(name=self.env._("Imports"))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _find_for_headers(self, company, headers):
        """Return the saved source whose columns are those of the file."""
        wanted = sorted(dms_values.fold(header) for header in headers if dms_values.guess_target(header) != "reason")
        for mapping in self.search([("company_id", "=", company.id)], order="write_date desc"):
            if sorted(dms_values.fold(column.header) for column in mapping.column_ids) == wanted:
                return mapping
        return self.browse()

    def _update_columns(self, headers, samples):
        """Add the columns of a file that the source does not know yet, guessed; refresh the sample values."""
        self.ensure_one()
        known = {dms_values.fold(column.header): column for column in self.column_ids}
        taken = {column.target for column in self.column_ids if column.target}
        new = []
        for index, header in enumerate(headers):
            sample = samples[index] if index < len(samples) else ""
            column = known.get(dms_values.fold(header))
            target = dms_values.guess_target(header)
            if column:
                column.sample = sample
                continue
            if target == "reason":
                continue  # our own column in a file of refused rows
            if target in taken:
                target = None
            taken.add(target)
            new.append({"mapping_id": self.id, "sequence": index, "header": header, "sample": sample, "target": target})
        self.env["aftersales.import.mapping.column"].create(new)

    def _get_words(self):
        """Return {kind of word: {folded word: value}} of the source."""
        self.ensure_one()
        words = {}
        for word in self.word_ids:
            kind, value = word.meaning.split(".")
            words.setdefault(kind, {})[dms_values.fold(word.name)] = value
        return words
