from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.plate import normalize_plate
from ..tools.vin import normalize_vin


class AftersalesStocktakeScan(models.TransientModel):
    """A plate or VIN typed or scanned jumps to its line; one button notes the result and waits for the next one."""

    _name = "aftersales.stocktake.scan"
    _description = "Scan Files of a Stocktake"

    stocktake_id = fields.Many2one("aftersales.stocktake", required=True, readonly=True)
    code = fields.Char("Plate or VIN", help="Scan it, or type a plate, a VIN or the end of a VIN, and press Enter.")
    line_id = fields.Many2one("aftersales.stocktake.line", compute="_compute_line_id", compute_sudo=False)
    vehicle_id = fields.Many2one(related="line_id.vehicle_id")
    partner_id = fields.Many2one(related="line_id.partner_id")
    missing_document_names = fields.Char(related="line_id.vehicle_id.missing_document_names")
    result = fields.Selection(related="line_id.result")
    checked_by_id = fields.Many2one(related="line_id.user_id")
    message = fields.Char(compute="_compute_line_id", compute_sudo=False)
    last_message = fields.Char(readonly=True)
    note = fields.Char("Remarks")
    checked_count = fields.Integer(related="stocktake_id.checked_count")
    file_count = fields.Integer(related="stocktake_id.file_count")

    @api.depends("code", "stocktake_id")
    @api.depends_context("lang")
    def _compute_line_id(self):
        for scan in self:
            scan.line_id, scan.message = scan._find_line()

    def _find_line(self):
        self.ensure_one()
        lines = self.env["aftersales.stocktake.line"]
        if not (self.code or "").strip():
            return lines, False
        plate, vin = normalize_plate(self.code), normalize_vin(self.code)
        mine = [("stocktake_id", "=", self.stocktake_id._origin.id or self.stocktake_id.id)]
        for domain in (
            [("vehicle_id.license_plate", "=", plate)],
            [("vehicle_id.vin", "=", vin)],
            [("vehicle_id.vin", "=like", f"%{vin}")] if len(vin or "") >= 6 else None,
        ):
            found = lines.search([*mine, *domain], limit=2) if domain else lines
            if len(found) == 1:
                return found, False
            if found:
                return lines, self.env._("Several files end with %(code)s. Read the whole number.", code=self.code)
        return lines, self.env._("%(code)s is not on the list of this stocktake.", code=self.code)

    def action_correct(self):
        """The file is right as it is."""
        return self._note_result("correct")

    def action_corrected(self):
        """Something was wrong and has been put right."""
        return self._note_result("corrected")

    def action_missing(self):
        """The file or its papers cannot be found."""
        return self._note_result("missing")

    def action_out_of_touch(self):
        """The customer can no longer be reached."""
        return self._note_result("out_of_touch")

    def _note_result(self, result):
        self.ensure_one()
        line = self.line_id
        if not line:
            raise UserError(self.message or self.env._("Scan a plate or a VIN first."))
        if self.note:
            line.note = self.note
        getattr(line, f"action_{result}")()
        action = self.stocktake_id.action_open_scan()
        action["context"]["default_last_message"] = f"{line.vehicle_id.display_name}: {line._selection_label('result')}"
        return action
