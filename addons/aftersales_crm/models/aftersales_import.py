from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..tools import dms_values

# States in which the file may still be read and written
_OPEN = ("draft", "mapped", "checked")
# Field of a row -> the rows, seen from the record that it names
_TRACE = {
    "order_id": "import_line_ids",
    "vehicle_id": "import_line_ids",
    "partner_id": "aftersales_import_line_ids",
}
# States in which nothing but the trace is left to look at
CLOSED = ("applied", "cancelled", "undone")


class AftersalesImport(models.Model):
    """One file of the dealer management system on its way in: read, tried, applied, kept.

    Administrators only, in their own company. The rows are written in the superuser's environment, so every public
    method asks for the right first; what the file may touch is bound to the company of the import.

    ==========  =============================================  =====================================
    State       What is there                                  What may follow
    ==========  =============================================  =====================================
    draft       a file                                         mapped, cancelled
    mapped      its columns                                    checked, working, applied, cancelled
    checked     what each row would do                         the same
    working     a check or an import in the background         checked, applied, stopped
    stopped     the rows up to the stop are written            working (goes on), undone
    applied     everything is written                          undone
    undone      everything is taken back                       –
    cancelled   put aside before anything was written          draft
    ==========  =============================================  =====================================
    """

    _name = "aftersales.import"
    _description = "DMS Import"
    _inherit = [
        "aftersales.import.file.mixin",
        "aftersales.import.match.mixin",
        "aftersales.import.check.mixin",
        "aftersales.import.run.mixin",
        "aftersales.import.undo.mixin",
        "aftersales.import.intake.mixin",
        "mail.thread",
    ]
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
            "mapping_copy",
            "origin",
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
            ("working", "At Work"),
            ("stopped", "Stopped"),
            ("applied", "Imported"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="File: drop the file. Columns: say which column is what. Checked: tried without writing anything. "
        "At Work: a long file is checked or imported in the background. Stopped: the rows up to there are written. "
        "Imported: written. Undone: everything that it had written is taken back.",
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
    decimal = fields.Selection(related="mapping_id.decimal", readonly=False)
    unread_columns = fields.Char(compute="_compute_unread_columns", help="Columns of the file that are not read.")
    mapping_copy = fields.Json(
        readonly=True, copy=False, help="The columns, words and forms as they were when the rows were written."
    )
    mapping_text = fields.Text("Columns as Used", compute="_compute_mapping_text")
    origin = fields.Selection(
        [("hand", "By hand"), ("folder", "Folder"), ("mail", "E-mail"), ("api", "Program")],
        "Came In By",
        default="hand",
        required=True,
        readonly=True,
        copy=False,
    )
    date_source = fields.Datetime(
        "Data as of",
        copy=False,
        help="The moment of the export. Values that are known of a later moment are not overwritten. Empty: the date in the "
        "name of the file, else the last visit that it tells of.",
    )
    # Result
    line_ids = fields.One2many("aftersales.import.line", "import_id", "Rows", readonly=True, copy=False)
    doubt_ids = fields.One2many("aftersales.import.doubt", "import_id", "Doubts", copy=False)
    doubt_count = fields.Integer("To Decide", compute="_compute_doubt_count")
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

    @api.depends("mapping_copy")
    @api.depends_context("lang")
    def _compute_mapping_text(self):
        targets = dict(self.env["aftersales.import.mapping.column"]._selection_target())
        for record in self:
            columns = (record.mapping_copy or {}).get("columns", [])
            record.mapping_text = "\n".join(
                f"{header} → {targets.get(target, target) or '–'}" for header, target in columns
            )

    @api.depends("doubt_ids.state")
    def _compute_doubt_count(self):
        counts = dict(
            self.env["aftersales.import.doubt"]._read_group(
                [("import_id", "in", self.ids), ("state", "=", "open")], ["import_id"], ["__count"]
            )
        )
        for record in self:
            record.doubt_count = counts.get(record._origin, 0)

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
        if {"file", "file_name", "mapping_id", "company_id", "date_source"}.intersection(
            vals
        ) and not self._has_proof():
            closed = self.filtered(lambda record: record.state not in _OPEN)
            if closed:
                raise UserError(
                    self.env._(
                        "%(name)s is no draft any more: its file and its source are kept as they are.",
                        name=closed[0].name,
                    )
                )
            if "file" in vals or "company_id" in vals:
                # Another file: what was found in the former one holds no more
                self.filtered(lambda record: record.state != "draft")._do_reset()
            if "mapping_id" in vals:
                former = {record: record.mapping_id for record in self if record.mapping_id.id != vals["mapping_id"]}
                result = super().write(vals)
                for record, mapping in former.items():
                    record._follow_source(mapping)
                return result
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_applied(self):
        applied = self.filtered(lambda record: record.state in ("working", "stopped", "applied", "undone"))
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
        return self._action_import("check")

    def action_apply(self):
        """Write the rows of the file. A row that is refused comes back in a file to mend; it never stops the others."""
        return self._action_import("apply")

    def action_cancel(self):
        """Put the import aside without writing anything."""
        self._check_right()
        for record in self:
            record._check_state(*_OPEN)
            if record.mapping_id:
                record._leave_source(record.mapping_id)
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

    def action_view_doubts(self):
        """Open the persons of whom somebody has to say whether they are the same."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_import_doubt_action"),
            "domain": [("import_id", "in", self.ids)],
        }

    def action_view_orders(self):
        """Open the repair orders that the rows touched."""
        self.ensure_one()
        return self._view_touched("order_id", self.env._("Repair Orders"))

    def action_view_vehicles(self):
        """Open the vehicle files that the rows touched."""
        return self._view_touched("vehicle_id", self.env._("Vehicle Files"))

    def action_view_partners(self):
        """Open the customers that the rows touched."""
        return self._view_touched("partner_id", self.env._("Customers"))

    def _view_touched(self, name, title):
        """Open what the rows touched; a sub-query, so that a million rows are no list of ids."""
        self.ensure_one()
        self.check_access("read")
        model = self.env["aftersales.import.line"]._fields[name].comodel_name
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "view_mode": "list,form",
            "domain": [(_TRACE[name], "any", [("import_id", "=", self.id)])],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _action_import(self, job):
        self._check_right()
        for record in self:
            record._check_state(*_OPEN)
            if record.state == "draft":
                record._do_read_file()
            record._check_columns()
            record._start_job(job)
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
        self._delete_lines()
        self._write_protected(
            {
                "state": "draft",
                "table_file": False,
                "left_out": False,
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
        """Return the counters of rows and records."""
        return [name for name in self._fields if name.startswith("count_") or name.endswith(("_created", "_updated"))]
