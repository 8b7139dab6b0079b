import os
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize_all

from ..tools import dms_match, dms_values
from ..tools.masking import mask_phone
from .aftersales_import_intake_mixin import list_tables


class AftersalesImportMapping(models.Model):
    """How the files of one source are to be read. Saved with the first file and used for all the later ones."""

    _name = "aftersales.import.mapping"
    _description = "Import Source"
    _inherit = ["mail.alias.mixin.optional"]
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
    decimal = fields.Selection(
        [("point", "1,234.50"), ("comma", "1.234,50")],
        "Numbers",
        required=True,
        default="point",
        help="How the source writes numbers with decimals.",
    )
    column_ids = fields.One2many("aftersales.import.mapping.column", "mapping_id", "Columns", copy=True)
    word_ids = fields.One2many("aftersales.import.mapping.word", "mapping_id", "Words", copy=True)
    # Ways in
    user_id = fields.Many2one(
        "res.users",
        "In the Name of",
        required=True,
        default=lambda self: self.env.user,
        help="Files that come in by themselves are imported in this person's name, who is told about them.",
    )
    intake_action = fields.Selection(
        [("read", "Wait for a person"), ("check", "Check, then wait for a person"), ("apply", "Import")],
        "Files That Come In",
        required=True,
        default="check",
    )
    folder = fields.Char(
        help="A folder under the import directory of the server (set by the system administrator). Files in it are taken "
        "every few minutes and put aside into its folder “done”."
    )
    senders = fields.Char(
        "Allowed Senders", help="E-mail addresses, separated by commas: attachments of nobody else are taken."
    )
    import_ids = fields.One2many("aftersales.import", "mapping_id", "Imports")
    import_count = fields.Integer(compute="_compute_import_count")

    @api.constrains("folder")
    def _check_folder(self):
        for mapping in self:
            path = Path(mapping.folder or "")
            if path.is_absolute() or ".." in path.parts:
                raise ValidationError(
                    self.env._("%(folder)s: name a folder under the import directory of the server.", folder=path)
                )

    @api.constrains("alias_id")
    def _check_alias_id(self):
        for mapping in self.filtered("alias_id"):
            others = self.with_context(active_test=False).search_count(
                [("alias_id", "=", mapping.alias_id.id), ("id", "!=", mapping.id)], limit=1
            )
            if others or mapping.alias_id.alias_model_id.model != "aftersales.import":
                raise ValidationError(self.env._("This e-mail address belongs to something else. Choose another one."))

    @api.constrains("user_id", "intake_action", "folder", "senders")
    def _check_user(self):
        for mapping in self:
            if (mapping.folder or mapping.senders) and not mapping.user_id.has_group(
                "aftersales_crm.group_aftersales_admin"
            ):
                raise ValidationError(
                    self.env._(
                        "%(name)s is no administrator of the store: files cannot be imported in this name.",
                        name=mapping.user_id.name,
                    )
                )

    @api.depends("import_ids")
    def _compute_import_count(self):
        counts = dict(
            self.env["aftersales.import"]._read_group([("mapping_id", "in", self.ids)], ["mapping_id"], ["__count"])
        )
        for mapping in self:
            mapping.import_count = counts.get(mapping._origin, 0)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        mappings = super().create([self._without_route(vals) for vals in vals_list])
        mappings._route_alias()
        return mappings

    def write(self, vals):
        result = super().write(self._without_route(vals))
        if vals.get("alias_name") or vals.get("alias_id"):
            self._route_alias()
        return result

    @api.model
    def _without_route(self, vals):
        """Where an address leads to is not a matter of values: it is the source itself, never that of another store."""
        return {name: value for name, value in vals.items() if name != "alias_defaults"}

    def _route_alias(self):
        for mapping in self.sudo().filtered("alias_id"):
            mapping.alias_id.alias_defaults = repr({"mapping_id": mapping.id})

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
        """Return the saved source of such a file: the one with its columns, else the closest one of the same list.

        See `dms_match.distance` for how much an update of the system may change.
        """
        wanted = {dms_values.fold(header): header for header in headers if dms_values.guess_target(header) != "reason"}
        mappings = self.search([("company_id", "=", company.id)], order="write_date desc, id desc")
        layouts = mappings._get_imported_layouts()
        found, least = self.browse(), None
        for mapping in mappings:
            columns = [
                dms_match.SavedColumn(dms_values.fold(column.header), column.target or None, column.gone)
                for column in mapping.column_ids
            ]
            # The file that was read last may have been a wrong one: what was imported counts as well
            tried = [columns]
            for layout in layouts.get(mapping.id, ()):
                tried.append([column._replace(gone=column.header not in layout) for column in columns])
            for size in filter(lambda size: size is not None, (dms_match.distance(each, wanted) for each in tried)):
                if least is None or size < least:
                    found, least = mapping, size
        return found

    def _get_imported_layouts(self):
        """Return {id: [the folded headers of files that were imported from the source, ...]}."""
        self.env["aftersales.import"].flush_model(["mapping_id", "state", "headers"])
        query = SQL(
            "SELECT DISTINCT mapping_id, headers FROM aftersales_import"
            " WHERE mapping_id = ANY(%s) AND state = 'applied' AND headers IS NOT NULL",
            self.ids,
        )
        layouts = {}
        for mapping_id, headers in self.env.execute_query(query):
            layouts.setdefault(mapping_id, []).append(set(map(dms_values.fold, headers)))
        return layouts

    def _update_columns(self, headers, samples, guess=True):
        """Add the columns of a file that the source does not know yet; refresh the sample values, and what is gone.

        :param guess: whether the new columns go where their names say. A source without any column always guesses.
        :return: the headers that are new to a source that had columns before
        """
        self.ensure_one()
        first = not self.column_ids
        known = {dms_values.fold(column.header): column for column in self.column_ids}
        self._mark_gone(headers)
        # Only the columns of this file: one that got another name keeps its target for older exports
        taken = {column.target for column in self.column_ids if column.target and not column.gone}
        new = []
        for index, header in enumerate(headers):
            sample = samples[index] if index < len(samples) else ""
            column = known.get(dms_values.fold(header))
            target = dms_values.guess_target(header)
            if ((column.target if column else target) or "").endswith("_phone"):
                sample = " · ".join(map(mask_phone, sample.split(" · ")))
            if column:
                column.sample = sample
                continue
            if target == "reason":
                continue  # our own column in a file of refused rows
            if target in taken or not (guess or first):
                target = None
            taken.add(target)
            new.append({"mapping_id": self.id, "sequence": index, "header": header, "sample": sample, "target": target})
        self.env["aftersales.import.mapping.column"].create(new)
        return [] if first else [values["header"] for values in new]

    def _mark_gone(self, headers):
        """Mark the columns that a file does not have."""
        there = set(map(dms_values.fold, headers))
        for column in self.column_ids:
            gone = dms_values.fold(column.header) not in there
            if column.gone != gone:
                column.write({"gone": gone, **({"sample": False} if gone else {})})

    def _forget_file(self, record):
        """Take back what a file that is not of this source after all has left on it.

        :param record: the import of the file, which added columns
        """
        self.ensure_one()
        others = self.env["aftersales.import"].search(
            [("mapping_id", "=", self.id), ("id", "!=", record.id), ("headers", "!=", False)], order="id desc"
        )
        kept = {dms_values.fold(header) for other in others if other.id > record.id for header in other.headers or ()}
        added = set(map(dms_values.fold, record.added_headers or ())) - kept
        self.column_ids.filtered(lambda column: dms_values.fold(column.header) in added).unlink()
        if others:
            self._mark_gone(others[0].headers or ())

    def _get_reading(self):
        """Return how files of the source are read, as a JSON value: an import keeps a copy of it."""
        self.ensure_one()
        return {
            "source": self.name,
            "columns": [[column.header, column.target or False] for column in self.column_ids],
            "words": self._get_words(),
            "date_order": self.date_order,
            "decimal": self.decimal,
        }

    def _get_words(self):
        """Return {kind of word: {folded word: value}} of the source."""
        self.ensure_one()
        words = {}
        for word in self.word_ids:
            kind, value = word.meaning.split(".")
            words.setdefault(kind, {})[dms_values.fold(word.name)] = value
        return words

    # ------------------------------------------------------------
    # WAYS IN
    # ------------------------------------------------------------

    def _get_senders(self):
        return set(email_normalize_all(self.senders or ""))

    def _get_folder(self, root):
        """Return the folder of the source; None when it is not there or leads out of the import directory."""
        root = os.path.realpath(root)
        folder = os.path.realpath(os.path.join(root, self.folder))
        if os.path.commonpath((root, folder)) != root or not os.path.isdir(folder):
            return None
        return folder

    def _list_folder(self, root):
        folder = self._get_folder(root)
        return list_tables(folder) if folder else []

    def _put_aside(self, path, where):
        """Move a file out of the way; a file of the same name that lies there already stays."""
        target = path.parent / where
        target.mkdir(exist_ok=True)
        place, number = target / path.name, 1
        while place.exists():
            place, number = target / f"{path.stem}-{number}{path.suffix}", number + 1
        path.rename(place)

    def _tell_refused(self, file_name, error):
        """Tell the person that a file of the folder could not be taken, and where it lies now."""
        user = self.user_id
        mine = self.sudo().with_context(lang=user.lang)
        # What the server says of its own files is not for everybody
        reason = error.args[0] if isinstance(error, UserError) else mine.env._("The server cannot read it.")
        self.env["mail.thread"].message_notify(
            partner_ids=user.partner_id.ids,
            author_id=self.env.ref("base.partner_root").id,
            subject=mine.env._("%(file)s was not imported", file=file_name),
            body=mine.env._(
                "%(file)s of the source “%(name)s” lies in the folder “refused” now. %(reason)s",
                file=file_name,
                name=self.name,
                reason=reason,
            ),
        )

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        # Who may write is checked by `senders` (see `_routing_check_route`)
        return {
            **values,
            "alias_model_id": self.env["ir.model"]._get_id("aftersales.import"),
            "alias_contact": "everyone",
        }
