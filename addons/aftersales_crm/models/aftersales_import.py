import base64
from collections import Counter
from itertools import islice

from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Domain

from ..importer.ledger import ORDER, PARTNER, VEHICLE
from ..importer.planner import ImportPlanner
from ..tools import dms_file, dms_table, dms_values

# Rows that are planned and written together
BATCH = 500
# Rows of the file that are looked at for the header and the sample values
_HEAD_ROWS = dms_file.HEADER_SEARCH_ROWS + 20
# States in which the file may still be read and written
_OPEN = ("draft", "mapped", "checked")


class AftersalesImport(models.Model):
    """One file of the dealer management system on its way in: read, tried, applied, kept.

    Administrators only, in their own company. The rows are written in the superuser's environment, so every public
    method asks for the right first; what the file may touch is bound to the company of the import.
    """

    _name = "aftersales.import"
    _description = "DMS Import"
    _inherit = ["aftersales.protected.mixin", "mail.thread"]
    _order = "id desc"
    _check_company_auto = True
    _protected_fields = frozenset(
        {
            "name",
            "state",
            "user_id",
            "file_type",
            "encoding",
            "checksum",
            "headers",
            "header_row",
            "row_count",
            "date_checked",
            "date_applied",
            "applied_by_id",
            "count_create",
            "count_update",
            "count_unchanged",
            "count_refused",
            "count_note",
            "order_created",
            "order_updated",
            "vehicle_created",
            "vehicle_updated",
            "partner_created",
            "partner_updated",
            "refused_file",
            "refused_file_name",
        }
    )

    # Identity
    name = fields.Char(required=True, copy=False, readonly=True, default=lambda self: self.env._("New"))
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company)
    user_id = fields.Many2one(
        "res.users", "Imported by", required=True, readonly=True, copy=False, default=lambda self: self.env.user
    )
    state = fields.Selection(
        [
            ("draft", "File"),
            ("mapped", "Columns"),
            ("checked", "Checked"),
            ("applied", "Imported"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="File: drop the file. Columns: say which column is what. Checked: tried without writing anything. "
        "Imported: written.",
    )
    # File
    file = fields.Binary(attachment=True, copy=False)
    file_name = fields.Char(copy=False)
    file_type = fields.Selection([("csv", "CSV"), ("xlsx", "XLSX")], readonly=True, copy=False)
    encoding = fields.Char(readonly=True, copy=False)
    checksum = fields.Char("SHA-256", readonly=True, copy=False, index="btree_not_null")
    headers = fields.Json(readonly=True, copy=False)
    header_row = fields.Integer(readonly=True, copy=False, aggregator=None)
    same_import_id = fields.Many2one("aftersales.import", "Same File", compute="_compute_same_import_id")
    # Source
    mapping_id = fields.Many2one(
        "aftersales.import.mapping", "Source", index="btree_not_null", check_company=True, ondelete="restrict"
    )
    column_ids = fields.One2many(related="mapping_id.column_ids", readonly=False)
    word_ids = fields.One2many(related="mapping_id.word_ids", readonly=False)
    date_order = fields.Selection(related="mapping_id.date_order", readonly=False)
    unread_columns = fields.Char(compute="_compute_unread_columns", help="Columns of the file that are not read.")
    # Result
    line_ids = fields.One2many("aftersales.import.line", "import_id", "Rows", readonly=True, copy=False)
    row_count = fields.Integer("Rows in the File", readonly=True, copy=False)
    count_create = fields.Integer("To Create", readonly=True, copy=False)
    count_update = fields.Integer("To Update", readonly=True, copy=False)
    count_unchanged = fields.Integer("Unchanged", readonly=True, copy=False)
    count_refused = fields.Integer("Refused", readonly=True, copy=False)
    count_note = fields.Integer("With Remarks", readonly=True, copy=False)
    order_created = fields.Integer("Orders Created", readonly=True, copy=False)
    order_updated = fields.Integer("Orders Updated", readonly=True, copy=False)
    vehicle_created = fields.Integer("Vehicle Files Opened", readonly=True, copy=False)
    vehicle_updated = fields.Integer("Vehicle Files Updated", readonly=True, copy=False)
    partner_created = fields.Integer("Customers Created", readonly=True, copy=False)
    partner_updated = fields.Integer("Customers Updated", readonly=True, copy=False)
    date_checked = fields.Datetime("Checked on", readonly=True, copy=False)
    date_applied = fields.Datetime("Imported on", readonly=True, copy=False)
    applied_by_id = fields.Many2one("res.users", "Applied by", readonly=True, copy=False)
    refused_file = fields.Binary("Refused Rows", attachment=True, readonly=True, copy=False)
    refused_file_name = fields.Char(readonly=True, copy=False)

    @api.depends("checksum")
    def _compute_same_import_id(self):
        applied = self.search(
            Domain("checksum", "in", [record.checksum for record in self if record.checksum])
            & Domain("state", "=", "applied"),
            order="id",
        )
        for record in self:
            record.same_import_id = applied.filtered(
                lambda other, record=record: (
                    other.checksum == record.checksum
                    and other.company_id == record.company_id
                    and other != record._origin
                )
            )[:1]

    @api.depends("headers", "column_ids.target", "column_ids.header")
    def _compute_unread_columns(self):
        for record in self:
            read = {dms_values.fold(column.header) for column in record.column_ids if column.target}
            record.unread_columns = ", ".join(
                header
                for header in record.headers or []
                if dms_values.fold(header) not in read and dms_values.guess_target(header) != "reason"
            )

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        for record in records:
            sequence = self.env["ir.sequence"].with_company(record.company_id)
            record._write_protected({"name": sequence.next_by_code(self._name), "user_id": self.env.uid})
        return records

    def write(self, vals):
        if {"file", "file_name", "mapping_id", "company_id"}.intersection(vals) and not self._has_proof():
            closed = self.filtered(lambda record: record.state in ("applied", "cancelled"))
            if closed:
                raise UserError(
                    self.env._(
                        "%(name)s is closed: its file and its source are kept as they were.", name=closed[0].name
                    )
                )
            if "file" in vals or "company_id" in vals:
                # Another file: what was found in the former one holds no more
                self.filtered(lambda record: record.state != "draft")._do_reset()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        applied = self.filtered(lambda record: record.state == "applied")
        if applied:
            raise UserError(
                self.env._("%(name)s has been applied and is kept as proof of what was written.", name=applied[0].name)
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_read_file(self):
        """Read the header of the file and find or guess which column is what."""
        self._check_right()
        for record in self:
            record._check_state(*_OPEN)
            record._do_read_file()
        return True

    def action_dry_run(self):
        """Try the file without writing anything: what would each row do?"""
        return self._action_import(write=False)

    def action_apply(self):
        """Write the rows of the file. A row that is refused comes back in a file to mend; it never stops the others."""
        return self._action_import(write=True)

    def action_cancel(self):
        """Put the import aside without writing anything."""
        self._check_right()
        for record in self:
            record._check_state(*_OPEN)
        self._write_protected({"state": "cancelled"})
        return True

    def action_reset(self):
        """Start again with the file, for instance with another source."""
        self._check_right()
        for record in self:
            record._check_state("mapped", "checked", "cancelled")
        self._do_reset()
        return True

    def action_view_lines(self):
        """Open the rows, those with the asked result first when the context names one."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_import_line_action")
        result = self.env.context.get("line_result")
        action["domain"] = [("import_id", "=", self.id)]
        action["context"] = {f"search_default_{result}": 1} if result else {}
        return action

    def action_view_orders(self):
        """Open the repair orders that the rows touched."""
        self.ensure_one()
        return self.line_ids.order_id._get_records_action(name=self.env._("Repair Orders"))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _action_import(self, write):
        self._check_right()
        for record in self:
            record._check_state(*_OPEN)
            if record.state == "draft":
                record._do_read_file()
            record._do_import(write)
        return True

    def _check_right(self):
        if not self.env.user.has_group("aftersales_crm.group_aftersales_admin"):
            raise AccessError(self.env._("Only the administrator imports files."))
        self.check_access("write")

    def _check_state(self, *states):
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(name)s is in the state “%(state)s”: this step is not possible any more.",
                    name=self.name,
                    state=labels[self.state],
                )
            )

    def _do_reset(self):
        self.sudo().line_ids.unlink()
        self._write_protected(
            {
                "state": "draft",
                "headers": False,
                "checksum": False,
                "refused_file": False,
                "refused_file_name": False,
                "date_checked": False,
                **dict.fromkeys(self._get_count_fields(), 0),
            }
        )

    @api.model
    def _get_count_fields(self):
        return [name for name in self._protected_fields if self._fields[name].type == "integer"]

    def _get_content(self):
        """Return the bytes of the file, after a look at their number."""
        self.ensure_one()
        if not self.file:
            raise UserError(self.env._("%(name)s has no file yet. Drop a CSV or XLSX file first.", name=self.name))
        limit = self.company_id.aftersales_import_max_mb
        # Base64 is a third longer than what it holds
        if len(self.with_context(bin_size=False).file) * 3 / 4 > limit * 1024 * 1024:
            raise UserError(self.env._("The file is larger than %(limit)s MB. Split it.", limit=limit))
        return base64.b64decode(self.with_context(bin_size=False).file)

    def _file_error(self, error):
        """Return the sentence for a fault of the whole file."""
        details = error.details
        sentences = {
            "empty": self.env._("The file is empty. Export it again."),
            "format": self.env._("This is neither a CSV nor an XLSX file. Export it again in one of these forms."),
            "old_excel": self.env._("This is an old Excel file (.xls). Save it as .xlsx or CSV and drop it again."),
            "macro": self.env._("The file contains macros. Save it as .xlsx without macros and drop it again."),
            "bomb": self.env._("The file would unpack to an impossible size and was not opened."),
            "entity": self.env._(
                "The file contains definitions that no spreadsheet program writes, and was not opened."
            ),
            "broken": self.env._("The file is damaged or cut off: it cannot be opened. Export it again."),
            "encoding": self.env._(
                "Line %(line)s cannot be read as UTF-8 or GB18030. Export the file again in one of these encodings.",
                line=details.get("line"),
            ),
            "csv": self.env._(
                "Line %(line)s cannot be split into cells: a quotation mark is probably never closed.",
                line=details.get("line"),
            ),
            "rows": self.env._("The file has more than %(limit)s rows. Split it.", limit=details.get("limit")),
            "header": self.env._(
                "No line of the file looks like the names of columns. The first line must name them, for instance "
                "“订单号” or “Order number”."
            ),
        }
        return sentences[error.code]

    def _do_read_file(self):
        self.ensure_one()
        content = self._get_content()
        try:
            file_type = dms_file.file_format(content)
            encoding = dms_file.decode(content)[1] if file_type == "csv" else False
            head = list(islice(dms_file.read_rows(content, self.company_id.aftersales_import_max_rows), _HEAD_ROWS))
            position = dms_table.find_header([cells for _number, cells in head])
        except dms_file.DmsFileError as error:
            raise UserError(self._file_error(error)) from error
        header_row, headers = head[position]
        headers = dms_table.name_headers(headers, lambda number: self.env._("Column %(number)s", number=number))
        self._write_protected(
            {
                "state": "mapped",
                "file_type": file_type,
                "encoding": encoding,
                "checksum": dms_file.checksum(content),
                "headers": headers,
                "header_row": header_row,
            }
        )
        if not self.mapping_id:
            self.mapping_id = self._find_mapping()
        self.mapping_id._update_columns(
            headers, dms_table.sample_values([cells for _number, cells in head[position + 1 :]], len(headers))
        )

    def _find_mapping(self):
        """Return the saved source of such files, a new one when there is none."""
        Mapping = self.env["aftersales.import.mapping"]
        return Mapping._find_for_headers(self.company_id, self.headers) or Mapping.create(
            {"name": (self.file_name or self.name).rsplit(".", 1)[0], "company_id": self.company_id.id}
        )

    def _check_columns(self):
        """Refuse a mapping by which no row could be placed."""
        targets = set(self.column_ids.filtered("target").mapped("target"))
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

    def _do_import(self, write):
        """Go through the file once, in batches; write when asked."""
        self.ensure_one()
        self._check_columns()
        if write:
            self._lock_store()
        planner = ImportPlanner(self, write)
        self.sudo().line_ids.unlink()
        try:
            counts, notes, refused = self._run(planner)
        except dms_file.DmsFileError as error:
            raise UserError(self._file_error(error)) from error
        now = fields.Datetime.now()
        vals = {
            "state": "applied" if write else "checked",
            "row_count": sum(counts.values()),
            "count_note": notes,
            **{f"count_{result}": counts[result] for result in ("create", "update", "unchanged", "refused")},
            **self._prepare_refused_values(refused),
        }
        vals.update({"date_applied": now, "applied_by_id": self.env.uid} if write else {"date_checked": now})
        for model, prefix in ((ORDER, "order"), (VEHICLE, "vehicle"), (PARTNER, "partner")):
            vals[f"{prefix}_created"] = planner.counts.get((model, "create"), 0)
            vals[f"{prefix}_updated"] = planner.counts.get((model, "update"), 0)
        self._write_protected(vals)

    def _lock_store(self):
        """One import at a time in a company: two would open the same new file twice."""
        try:
            self.lock_for_update()
            self.company_id.sudo().lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(
                self.env._("Another import of %(store)s is running. Wait for its end.", store=self.company_id.name)
            ) from error

    def _run(self, planner):
        """Plan the rows of the file and keep what became of each.

        :return: (rows by result, number of rows with remarks, [(cells, reason)] of the refused rows)
        """
        Line = self.env["aftersales.import.line"].sudo()
        counts, notes, refused = Counter(), 0, []
        rows = self._iter_rows(self._get_content())
        while batch := list(islice(rows, BATCH)):
            lines = planner.run(batch)
            counts.update(vals["result"] for vals in lines)
            notes += sum(1 for vals in lines if vals["note"])
            refused += [(vals["raw"], vals["reason"]) for vals in lines if vals["result"] == "refused"]
            Line.create(lines)
        return counts, notes, refused

    def _iter_rows(self, content):
        """Yield the rows under the header, without the totals at the end."""
        for number, values in dms_file.read_rows(content, self.company_id.aftersales_import_max_rows):
            if number > self.header_row and not dms_values.is_footer(values):
                yield number, values

    def _prepare_refused_values(self, refused):
        """Return the file of the refused rows, in the form and encoding of the one that was dropped."""
        if not refused:
            return {"refused_file": False, "refused_file_name": False}
        headers, rows = dms_table.refused_table(self.headers, refused, self.env._("Refused because"))
        encoding = "gb18030" if self.encoding == "gb18030" else "utf-8-sig"
        content = dms_file.write_rows(headers, rows, self.file_type, encoding)
        stem = (self.file_name or self.name).replace("/", "-").rsplit(".", 1)[0]
        return {
            "refused_file": base64.b64encode(content),
            "refused_file_name": f"{stem} - {self.env._('refused')}.{self.file_type}",
        }
