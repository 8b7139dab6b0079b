import json

from markupsafe import Markup
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class AftersalesVehicleMerge(models.Model):
    """Two files of one car (after a wrong VIN) become one: reviewed, journalled row by row, and undoable.

    ==========  ====================================  =========================================
    Action      Role                                  Restriction
    ==========  ====================================  =========================================
    ask         advisor, consultant, archivist        two files of one store
    decide      service manager                       has neither asked nor submitted it
    undo        asked by the same, decided likewise   while both files still exist as merged
    delete      who may ask                           drafts only
    ==========  ====================================  =========================================

    What points to the duplicate points to the kept file afterwards. The duplicate is archived with its card, its
    decisions and its change requests; the journal names every row that was moved, so that an undo brings back exactly
    those. Frozen figures are no link to the present file and stay.
    """

    _name = "aftersales.vehicle.merge"
    _description = "Merge of Two Vehicle Files"
    _inherit = ["mail.thread", "mail.activity.mixin", "aftersales.approval.mixin"]
    _order = "id desc"
    _check_company_auto = True
    _mail_post_access = "read"
    _protected_fields = frozenset({"name", "state", "user_id", "journal", "date_applied", "date_undone"})

    name = fields.Char("Number", readonly=True, copy=False, default="/")
    keep_id = fields.Many2one(
        "aftersales.vehicle", "File to Keep", required=True, index=True, ondelete="restrict", check_company=True
    )
    duplicate_id = fields.Many2one(
        "aftersales.vehicle", required=True, index=True, ondelete="restrict", check_company=True
    )
    comparison = fields.Html("Both Cards", compute="_compute_comparison", sanitize=False)
    reason = fields.Text(required=True)
    undo_reason = fields.Text("Why It Is Undone", copy=False)
    user_id = fields.Many2one("res.users", "Asked by", default=lambda self: self.env.user, readonly=True, copy=False)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("submitted", "Submitted"),
            ("applied", "Merged"),
            ("undoing", "Undo Submitted"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    journal = fields.Json(readonly=True, copy=False, groups=fields.NO_ACCESS)
    moved_summary = fields.Text("What Was Moved", compute="_compute_moved_summary", compute_sudo=True)
    date_applied = fields.Datetime("Merged on", readonly=True, copy=False)
    date_undone = fields.Datetime("Undone on", readonly=True, copy=False)
    company_id = fields.Many2one(related="keep_id.company_id", store=True, index=True)

    _two_files = models.Constraint("CHECK(keep_id <> duplicate_id)", "Choose two different files.")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("keep_id", "duplicate_id")
    @api.depends_context("lang", "uid")
    def _compute_comparison(self):
        """Both cards side by side, line by line; what differs is marked, for that is what has to be decided about."""
        for merge in self:
            rows = [
                Markup(
                    '<tr class="%s"><th class="fw-normal text-muted">%s</th><td class="text-break">%s</td><td class="text-break">%s</td></tr>'
                )
                % ("table-warning" if keep and other and keep != other else "", label, keep or "–", other or "–")
                for label, keep, other in merge._get_card_pairs()
            ]
            merge.comparison = rows and Markup(
                '<table class="table table-sm"><thead><tr><th></th><th>%s</th><th>%s</th></tr></thead><tbody>%s</tbody></table>'
            ) % (self.env._("File to Keep"), self._field_label("duplicate_id"), Markup().join(rows))

    def _get_card_pairs(self):
        """Return [(label, value of the file to keep, value of the duplicate)] of what the reader may see of both cards."""
        self.ensure_one()
        files = (self.keep_id, self.duplicate_id)
        pairs = []
        for name in self.keep_id._get_card_fields() if all(files) else ():
            if self.keep_id._has_field_access(self.keep_id._fields[name], "read"):
                values = [vehicle._raw_text(name, vehicle._to_raw(name)) for vehicle in files]
                if any(values):
                    pairs.append((self.keep_id._field_label(name), *values))
        return pairs

    @api.depends("journal")
    @api.depends_context("lang")
    def _compute_moved_summary(self):
        for merge in self:
            lines = [
                f"{self.env[entry['model']]._description}: {len(entry['ids'])}"
                for entry in (merge.journal or {}).get("moved", ())
            ]
            merge.moved_summary = "\n".join(lines)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        merges = super().create(vals_list)
        for merge in merges:
            merge._write_protected({"name": self.env["ir.sequence"].next_by_code(self._name) or "/"})
        return merges

    def write(self, vals):
        if not self._has_proof():
            asked = {"keep_id", "duplicate_id", "reason"}.intersection(vals)
            if asked and self.filtered(lambda merge: merge.state != "draft"):
                raise UserError(self.env._("Only a draft can be changed. Take it back first."))
            if "undo_reason" in vals and self.filtered(lambda merge: merge.state not in ("draft", "applied")):
                raise UserError(self.env._("The undo is asked for already."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if self.filtered(lambda merge: merge.state != "draft"):
            raise UserError(self.env._("Only a draft can be deleted. The others are the history of the files."))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_submit(self):
        """Ask the service manager for approval."""
        self.check_access("write")
        for merge in self:
            merge._check_mergeable()
        self._write_protected({"state": "submitted"})
        self._approval_request("merge")
        return True

    def action_take_back(self):
        """Take back what waits for approval."""
        self.check_access("write")
        for merge in self:
            if merge.state not in ("submitted", "undoing"):
                raise UserError(self.env._("%(merge)s does not wait for approval.", merge=merge.name))
            purpose = "merge" if merge.state == "submitted" else "undo"
            merge._approval_cancel(purpose, self.env._("Taken back by %(person)s.", person=self.env.user.name))
            merge._write_protected({"state": "draft" if purpose == "merge" else "applied"})
        return True

    def action_undo(self):
        """Ask for the two files as they were."""
        self.check_access("write")
        for merge in self:
            if merge.state != "applied":
                raise UserError(self.env._("%(merge)s is not in force, so there is nothing to undo.", merge=merge.name))
            if not (merge.undo_reason or "").strip():
                raise UserError(self.env._("Write down why the merge is undone."))
        self._write_protected({"state": "undoing"})
        self._approval_request("undo")
        return True

    # ------------------------------------------------------------
    # APPROVAL
    # ------------------------------------------------------------

    def _approval_purposes(self):
        group = "aftersales_crm.group_aftersales_manager"
        content = ["keep_id", "duplicate_id", "reason"]
        return super()._approval_purposes() | {
            "merge": {"name": self.env._("Merge of two vehicle files"), "group": group, "content": content},
            "undo": {
                "name": self.env._("Undo of a merge"),
                "group": group,
                "content": [*content, "undo_reason"],
            },
        }

    def _approval_approved(self, approval):
        if approval.purpose == "merge":
            self._do_merge()
        elif approval.purpose == "undo":
            self._do_undo()
        return super()._approval_approved(approval)

    def _approval_returned(self, approval):
        if approval.purpose == "merge":
            self._write_protected({"state": "draft"})
        elif approval.purpose == "undo":
            self._write_protected({"state": "applied"})
        return super()._approval_returned(approval)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_mergeable(self):
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("%(merge)s is submitted already.", merge=self.name))
        keep, duplicate = self.keep_id, self.duplicate_id
        if keep.company_id != duplicate.company_id:
            raise UserError(self.env._("Files of two stores are not merged: each store keeps its own."))
        for vehicle in keep | duplicate:
            if not vehicle.active:
                raise UserError(self.env._("%(vehicle)s is archived.", vehicle=vehicle.display_name))
            if vehicle.state in ("submitted", "verified"):
                raise UserError(
                    self.env._(
                        "%(vehicle)s waits for approval itself. Take it back first.", vehicle=vehicle.display_name
                    )
                )

    @api.model
    def _get_moved_fields(self):
        """Hook: the stored references to a vehicle file that a merge moves, as [(model, field)].

        Left where they are: the file's own card history (owners, decisions, change requests, other merges).
        """
        stays = {self._name, "aftersales.vehicle.ownership", "aftersales.change.request"}
        return sorted(
            (model._name, name)
            for model in self.env.registry.values()
            if not model._abstract and not model._transient and model._auto and model._name not in stays
            for name, field in model._fields.items()
            if field.type == "many2one"
            and field.store
            and field.comodel_name == "aftersales.vehicle"
            and not field.related
        )

    def _do_merge(self):
        """Carry out the approved merge (superuser mode)."""
        for merge in self:
            keep, duplicate = merge.keep_id, merge.duplicate_id
            self.env.flush_all()
            moved = []
            for model, name in self._get_moved_fields():
                ids = merge._move_rows(self.env[model], name, duplicate.id, keep.id)
                if ids:
                    moved.append({"model": model, "field": name, "ids": ids})
            journal = {"moved": moved, "keep": merge._snapshot(keep), "duplicate": merge._snapshot(duplicate)}
            self.env.invalidate_all()
            duplicate._write_protected({"active": False})
            missing = {
                name: duplicate[name].id if duplicate._fields[name].type == "many2one" else duplicate[name]
                for name in keep._get_card_fields()
                if not keep[name] and duplicate[name]
            }
            if missing:
                keep._write_protected(missing)
            merge._write_protected(
                {
                    "journal": json.loads(json.dumps(journal, default=str)),
                    "state": "applied",
                    "date_applied": fields.Datetime.now(),
                }
            )
            merge._derive_anew(moved)
            text = self.env._(
                "%(merge)s: %(duplicate)s was merged into %(keep)s (%(reason)s).",
                merge=merge.name,
                duplicate=duplicate.display_name,
                keep=keep.display_name,
                reason=merge.reason,
            )
            for vehicle in keep | duplicate:
                vehicle._message_log(body=text)

    def _do_undo(self):
        """Bring back exactly what the merge moved (superuser mode); what came since stays with the kept file."""
        for merge in self:
            keep, duplicate = merge.keep_id, merge.duplicate_id
            self.env.flush_all()
            moved = merge.journal["moved"]
            for entry in moved:
                table = SQL.identifier(self.env[entry["model"]]._table)
                column = SQL.identifier(entry["field"])
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET %s = %s WHERE id = ANY(%s) AND %s = %s",
                        table,
                        column,
                        duplicate.id,
                        entry["ids"],
                        column,
                        keep.id,
                    )
                )
            self.env.invalidate_all()
            keep._write_protected(merge._written(keep, merge.journal["keep"]))
            keep.flush_recordset()
            duplicate._write_protected({**merge._written(duplicate, merge.journal["duplicate"]), "active": True})
            merge._write_protected({"state": "undone", "date_undone": fields.Datetime.now()})
            merge._derive_anew(moved)
            text = self.env._(
                "%(merge)s was undone (%(reason)s): %(keep)s and %(duplicate)s are two files again.",
                merge=merge.name,
                reason=merge.undo_reason,
                keep=keep.display_name,
                duplicate=duplicate.display_name,
            )
            for vehicle in keep | duplicate:
                vehicle._message_log(body=text)

    @api.model
    def _move_rows(self, model, name, old, new):
        """Let the rows point to the kept file; a row that the kept file has already (unique) stays where it is.

        By statement, because ledgers and closed documents refuse to be written, and a merge writes nothing of theirs
        but the file to which they belong.

        :return: ids of the moved rows
        """
        table, column = SQL.identifier(model._table), SQL.identifier(name)
        cr = self.env.cr
        try:
            with cr.savepoint(flush=False):
                cr.execute(SQL("UPDATE %s SET %s = %s WHERE %s = %s RETURNING id", table, column, new, column, old))
                return sorted(row[0] for row in cr.fetchall())
        except UniqueViolation:
            return self._move_rows_singly(table, column, old, new)

    @api.model
    def _move_rows_singly(self, table, column, old, new):
        cr = self.env.cr
        ids = []
        cr.execute(SQL("SELECT id FROM %s WHERE %s = %s ORDER BY id", table, column, old))
        for (row_id,) in cr.fetchall():
            try:
                with cr.savepoint(flush=False):
                    cr.execute(SQL("UPDATE %s SET %s = %s WHERE id = %s", table, column, new, row_id))
                    ids.append(row_id)
            except UniqueViolation:
                continue
        return ids

    @api.model
    def _snapshot(self, vehicle):
        return {name: vehicle._to_raw(name) for name in vehicle._get_card_fields()}

    @api.model
    def _written(self, vehicle, snapshot):
        return {
            name: vehicle._from_raw(name, raw) for name, raw in snapshot.items() if vehicle._to_raw(name) != (raw or "")
        }

    def _derive_anew(self, moved):
        """Reckon again what both files, and the moved rows, derive from what belongs together now."""
        vehicles = (self.keep_id | self.duplicate_id).with_context(active_test=False)
        for name, field in vehicles._fields.items():
            if field.store and field.compute and field.readonly:
                self.env.add_to_compute(vehicles._fields[name], vehicles)
        for entry in moved:
            rows = self.env[entry["model"]].browse(entry["ids"])
            for field in rows._fields.values():
                depends = self.env.registry.field_depends.get(field, ())
                touched = any(path.split(".")[0] == entry["field"] for path in depends)
                if field.store and field.compute and field.readonly and touched:
                    self.env.add_to_compute(field, rows)
        self.env.flush_all()
        vehicles._files_merged()
