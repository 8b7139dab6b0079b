from odoo import api, fields, models

from ..importer.ledger import MODELS


class AftersalesImportLine(models.Model):
    """What became, or will become, of one row of a file. Written by the import alone: nobody has the right to."""

    _name = "aftersales.import.line"
    _description = "Import Row"
    _order = "import_id, row_number, id"
    _rec_name = "row_number"

    import_id = fields.Many2one("aftersales.import", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one(related="import_id.company_id", store=True, index=True, precompute=True)
    row_number = fields.Integer("Row", readonly=True, aggregator=None)
    result = fields.Selection(
        [("create", "Create"), ("update", "Update"), ("unchanged", "Unchanged"), ("refused", "Refused")],
        readonly=True,
        required=True,
        index=True,
    )
    order_number = fields.Char(readonly=True)
    vehicle_number = fields.Char("Plate or VIN", readonly=True)
    customer_name = fields.Char("Customer", readonly=True)
    reason = fields.Text("Refused Because", readonly=True)
    note = fields.Text(
        "Remarks", readonly=True, help="Cells that were left out or deserve a look; the row itself goes in."
    )
    has_note = fields.Boolean(compute="_compute_has_note", store=True)
    changes = fields.Json(
        "Values Set", readonly=True, help="Every value that the row sets: document, field, old value, new value."
    )
    change_text = fields.Text("Changes", compute="_compute_change_text")
    detail_text = fields.Text("Values", compute="_compute_change_text", help="The values of the new records.")
    raw = fields.Json("Row as Read", readonly=True)
    order_id = fields.Many2one("aftersales.repair.order", "Repair Order", readonly=True, index="btree_not_null")
    vehicle_id = fields.Many2one("aftersales.vehicle", readonly=True, index="btree_not_null", ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner", "Customer Card", readonly=True, index="btree_not_null", ondelete="set null"
    )

    @api.depends("note")
    def _compute_has_note(self):
        for line in self:
            line.has_note = bool(line.note)

    @api.depends("changes")
    @api.depends_context("lang")
    def _compute_change_text(self):
        names = {name: self.env["ir.model"]._get(name).name for name in MODELS}
        for line in self:
            changed, details, created = [], [], {}
            for change in line.changes or []:
                field = self.env[change["model"]]._fields.get(change["field"])
                label = field.get_description(self.env, ["string"])["string"] if field else change["field"]
                label = f"{names[change['model']]} · {label}"
                if change["new_record"]:
                    created[names[change["model"]]] = True
                    details.append(f"{label}: {change['new'] or '–'}")
                else:
                    changed.append(f"{label}: {change['old'] or '–'} → {change['new'] or '–'}")
            new = [self.env._("New: %(documents)s", documents=", ".join(created))] if created else []
            line.change_text = "\n".join(new + changed)
            line.detail_text = "\n".join(details)
