from odoo import api, fields, models

from ..importer.ledger import MODELS, ORDER, PARTNER, VEHICLE
from ..tools.masking import mask_phone

# Columns, and fields, that hold a phone
_PHONES = {"partner_phone", "brought_by_phone", "callback_phone"}
_PHONE_FIELDS = {"phone", "callback_phone"}
# Letter of a record that a row made -> its model
_MADE = {"O": ORDER, "V": VEHICLE, "P": PARTNER, "B": PARTNER}


class AftersalesImportLine(models.Model):
    """What became, or will become, of one row of a file. Written by the import alone: nobody has the right to."""

    _name = "aftersales.import.line"
    _description = "Import Row"
    _order = "import_id, row_number, id"
    _rec_name = "row_number"
    # Written by COPY, a million at a time: who and when stands on the import
    _log_access = False

    import_id = fields.Many2one("aftersales.import", required=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    row_number = fields.Integer("Row", readonly=True, aggregator=None)
    result = fields.Selection(
        [("create", "Create"), ("update", "Update"), ("unchanged", "Unchanged"), ("refused", "Refused")],
        readonly=True,
        required=True,
    )
    order_number = fields.Char(readonly=True)
    vehicle_number = fields.Char("Plate or VIN", readonly=True)
    customer_name = fields.Char("Customer", readonly=True)
    reason = fields.Text("Refused Because", readonly=True)
    note = fields.Text(
        "Remarks", readonly=True, help="Cells that were left out or deserve a look; the row itself goes in."
    )
    has_note = fields.Boolean(readonly=True)
    marks = fields.Char(
        readonly=True,
        help="Which of its records the row made (capital) and changed (small letter): order, vehicle, partner, brought by.",
    )
    changes = fields.Json(
        "Values Set",
        readonly=True,
        groups="base.group_system",
        help="Every value that the row changed: document, field, old value, new value.",
    )
    # Sudoed: what the row says is shown with its phones masked, as everywhere
    change_text = fields.Text("Changes", compute="_compute_change_text", compute_sudo=True)
    detail_text = fields.Text(
        "Values", compute="_compute_change_text", compute_sudo=True, help="The row as it was read; phones are masked."
    )
    raw = fields.Json("Row as Read", readonly=True, groups="base.group_system")
    order_id = fields.Many2one(
        "aftersales.repair.order", "Repair Order", readonly=True, index="btree_not_null", ondelete="set null"
    )
    vehicle_id = fields.Many2one("aftersales.vehicle", readonly=True, index="btree_not_null", ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner", "Customer Card", readonly=True, index="btree_not_null", ondelete="set null"
    )

    brought_by_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null", ondelete="set null")

    # The rows of an import in their order, those of an order number, and the refused ones
    _order_number_idx = models.Index("(import_id, order_number)")
    _row_number_idx = models.Index("(import_id, row_number)")
    _result_idx = models.Index("(import_id, result) WHERE result IN ('refused', 'update')")

    @api.depends("changes", "marks", "raw")
    @api.depends_context("lang")
    def _compute_change_text(self):
        names = {name: self.env["ir.model"]._get(name).name for name in MODELS} | {PARTNER: self.env._("Customer")}
        targets = dict(self.env["aftersales.import.mapping.column"]._selection_target())
        for line in self:
            changes = line.changes or {}
            made = [names[_MADE[mark]] for mark in line.marks or "" if mark in _MADE]
            made += [names[model] for model, _id in changes.get("made", ())]
            texts = [self.env._("New: %(documents)s", documents=", ".join(dict.fromkeys(made)))] if made else []
            for change in changes.get("set", ()):
                label = targets.get(change.get("column")) or self._change_label(names, change)
                old, new = change["old"] or "–", change["new"] or "–"
                if change.get("column") in _PHONES or change["field"] in _PHONE_FIELDS:
                    old, new = mask_phone(old) or "–", mask_phone(new) or "–"
                texts.append(f"{label}: {old} → {new}")
            line.change_text = "\n".join(texts)
            headers = line.import_id.headers or []
            phones = line.import_id._get_phone_headers()
            line.detail_text = "\n".join(
                f"{header}: {mask_phone(text) if header in phones else text}"
                for header, text in zip(headers, line.raw or [], strict=False)
                if text
            )

    @api.model
    def _change_label(self, names, change):
        field = self.env[change["model"]]._fields.get(change["field"])
        label = field.get_description(self.env, ["string"])["string"] if field else change["field"]
        return f"{names[change['model']]} · {label}"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def _view_lines(self, domain):
        """Open the rows of the domain, of all the imports."""
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_import_line_action")
        return {**action, "domain": domain, "context": {"search_default_touched": 1}}
