from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import dms_values


class AftersalesImportMatchMixin(models.AbstractModel):
    """Which source a file belongs to, and what an update of the system has changed in its columns.

    A file dropped by hand takes the closest source: new columns are guessed, and the screen tells what differs before
    anything is written. A file that comes in by itself never gets a column guessed that nobody has looked at, and waits
    for a person when a column is missing that the source reads. Once a person has imported a file of the same columns,
    the next ones go in by themselves again.
    """

    _name = "aftersales.import.match.mixin"
    _description = "DMS Import: Source of a File"
    _inherit = ["aftersales.protected.mixin", "aftersales.import.notice.mixin"]
    _protected_fields = frozenset({"added_headers"})

    added_headers = fields.Json(
        readonly=True, copy=False, help="Columns of the file that its source did not know before."
    )
    new_columns = fields.Char("New in This File", compute="_compute_difference")
    lost_columns = fields.Char("No Longer in It", compute="_compute_difference")
    doubled_columns = fields.Char("Columns for the Same", compute="_compute_difference")

    @api.depends("added_headers", "headers", "state", "mapping_id", "column_ids.header", "column_ids.target")
    @api.depends_context("lang")
    def _compute_difference(self):
        labels = dict(self.env["aftersales.import.mapping.column"]._selection_target())
        for record in self:
            present, absent = record._split_columns()
            added = set(map(dms_values.fold, record.added_headers or ()))
            new = present.filtered(lambda column, added=added: dms_values.fold(column.header) in added)
            read = set(present.mapped("target"))
            # One that got another name is told with it as long as the new name is news
            names = {column.target: column.header for column in new if column.target}
            waits = record.state in ("mapped", "checked")
            lost = record._get_lost_columns() if waits else absent.browse()
            record.new_columns = ", ".join(self._new_column_text(column, labels, read) for column in new)
            renamed = absent.filtered(lambda column, names=names: column.target in names)
            record.lost_columns = ", ".join(
                [
                    self.env._("%(column)s (read from %(other)s now)", column=column.header, other=names[column.target])
                    for column in renamed
                ]
                + [
                    f"{' / '.join(columns.mapped('header'))} ({labels[target]})"
                    for target, columns in (lost - renamed).grouped("target").items()
                ]
            )
            record.doubled_columns = ", ".join(
                f"{column.header} ({labels[column.target]})" for column in record._get_doubled_columns()
            )

    @api.model
    def _new_column_text(self, column, labels, read):
        if column.target:
            return f"{column.header} → {labels[column.target]}"
        guess = dms_values.guess_target(column.header)
        if guess in labels and guess not in read:
            return self.env._("%(column)s (not read; probably %(target)s)", column=column.header, target=labels[guess])
        return self.env._("%(column)s (not read)", column=column.header)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_new_source(self):
        """Read the file as a list of its own, by its names alone, and not as one of the source that was found."""
        self._check_right()
        for record in self:
            record._check_state("mapped", "checked")
            record.mapping_id = record._create_source()
        return True

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _match_source(self, samples, guess):
        """Find or make the source of the file, and let it know the columns of the file."""
        self.ensure_one()
        if not self.mapping_id:
            found = self.env["aftersales.import.mapping"]._find_for_headers(self.company_id, self.headers)
            self._write_protected({"mapping_id": (found or self._create_source()).id, "added_headers": False})
        added = {*(self.added_headers or ()), *self.mapping_id._update_columns(self.headers, samples, guess)}
        self._write_protected({"added_headers": [header for header in self.headers if header in added] or False})

    def _create_source(self):
        return self.env["aftersales.import.mapping"].create(
            {"name": (self.file_name or self.name).rsplit(".", 1)[0], "company_id": self.company_id.id}
        )

    def _follow_source(self, former):
        """Read the file again by the source that was chosen instead of the former one."""
        self.ensure_one()
        if former:
            self._leave_source(former)
        if self.state in ("mapped", "checked"):
            self._do_reset()
            self._do_read_file()

    def _leave_source(self, mapping):
        """Take the columns of this file off a source to which it does not belong."""
        if self.added_headers:
            mapping._forget_file(self)
            self._write_protected({"added_headers": False})

    def _split_columns(self):
        """Return (the columns of the source that the file has, those that it has not)."""
        self.ensure_one()
        there = set(map(dms_values.fold, self.headers or ()))
        present = self.column_ids.filtered(lambda column: dms_values.fold(column.header) in there)
        return present, self.column_ids - present if there else present

    def _get_lost_columns(self):
        """Return the columns that the source reads and the file lacks, under any name.

        A person who imports a file without a column has said that it may be missing from files like this one.
        """
        present, absent = self._split_columns()
        read = set(present.mapped("target"))
        lost = absent.filtered(lambda column: column.target and column.target not in read)
        if lost:
            known = self._get_imported_without()
            lost = lost.filtered(lambda column: (dms_values.fold(column.header), column.target) not in known)
        return lost

    def _get_imported_without(self):
        """Return {(folded header, target)} that were missing, too, when files like this one were imported.

        Alike are files of which the same columns are read; what else they hold does not matter.
        """
        mapping = self.mapping_id._origin
        self.env["aftersales.import"].flush_model(["mapping_id", "state", "headers", "mapping_copy"])
        query = SQL(
            "SELECT DISTINCT headers, mapping_copy->'columns' FROM aftersales_import"
            " WHERE mapping_id = %s AND state = 'applied' AND headers IS NOT NULL AND mapping_copy IS NOT NULL",
            mapping.id,
        )
        there = set(map(dms_values.fold, self.headers or ()))
        wanted = {(dms_values.fold(column.header), column.target) for column in self.column_ids if column.target}
        read = {column for column in wanted if column[0] in there}
        missing = set()
        for headers, columns in self.env.execute_query(query):
            there = set(map(dms_values.fold, headers))
            mapped = wanted.intersection((dms_values.fold(header), target) for header, target in columns or ())
            if {column for column in mapped if column[0] in there} == read:
                missing |= {column for column in mapped if column[0] not in there}
        return missing

    def _get_doubled_columns(self):
        """Return the columns of the file that go to the same: under the old name and the new one of a column."""
        present, _absent = self._split_columns()
        targets = present.filtered("target").mapped("target")
        return present.filtered(lambda column: column.target and targets.count(column.target) > 1)

    def _check_columns(self):
        """Refuse a mapping by which no row could be placed; what the file lacks goes nowhere.

        :raises UserError: with what is missing, or given twice
        """
        doubled = self._get_doubled_columns()
        if doubled:
            raise UserError(
                self.env._(
                    "Two columns of the file go to the same: %(columns)s. Empty one of them.",
                    columns=self.doubled_columns,
                )
            )
        present, _absent = self._split_columns()
        targets = set(present.filtered("target").mapped("target"))
        if not targets:
            raise UserError(self.env._("No column goes anywhere yet. Say what the columns of the file are."))
        if "order_name" in targets and not targets & {"vin", "license_plate"}:
            raise UserError(
                self.env._("Repair orders need the VIN or the plate of the car. Say which column holds it.")
            )
        if "order_name" in targets and "date_in" not in targets:
            raise UserError(self.env._("Repair orders need the time when the car came in. Say which column holds it."))
        if not targets & {"order_name", "vin", "license_plate", "partner_name", "partner_phone"}:
            raise UserError(
                self.env._("Neither order number, VIN, plate nor customer is among the columns: nothing can be found.")
            )

    def _tell_difference(self, waits):
        """Tell the person of the source what differs in a file that came in by itself."""
        self.ensure_one()
        user = self.mapping_id.user_id
        mine = self._for_reader(user)
        if waits:
            first = mine.env._(
                "Nothing of this file was imported: its columns differ from those of the source “%(name)s”. Say what they "
                "are and import it; further files with these columns then go in by themselves.",
                name=mine.mapping_id.name,
            )
        else:
            first = mine.env._(
                "The columns of this file differ from those of the source “%(name)s”.", name=mine.mapping_id.name
            )
        parts = [
            first,
            mine.lost_columns and mine.env._("No longer in it: %(columns)s.", columns=mine.lost_columns),
            mine.new_columns and mine.env._("New in this file: %(columns)s.", columns=mine.new_columns),
            mine.doubled_columns
            and mine.env._("These columns go to the same: %(columns)s.", columns=mine.doubled_columns),
        ]
        self._tell(user, " ".join(filter(None, parts)))
