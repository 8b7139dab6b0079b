from odoo import api, fields, models
from odoo.exceptions import UserError


class AftersalesStocktakeLine(models.Model):
    """One vehicle file on the list of a stocktake. Who checked it, and when, is noted by the system."""

    _name = "aftersales.stocktake.line"
    _description = "Stocktake Line"
    _inherit = ["aftersales.protected.mixin"]
    _order = "id"
    _rec_name = "vehicle_id"
    _check_company_auto = True
    _protected_fields = frozenset({"result", "user_id", "date_checked"})

    stocktake_id = fields.Many2one("aftersales.stocktake", required=True, index=True, ondelete="cascade")
    state = fields.Selection(related="stocktake_id.state")
    vehicle_id = fields.Many2one(
        "aftersales.vehicle", required=True, index=True, ondelete="cascade", check_company=True
    )
    partner_id = fields.Many2one(related="vehicle_id.partner_id")
    missing_document_count = fields.Integer(related="vehicle_id.missing_document_count")
    result = fields.Selection(
        [
            ("pending", "To check"),
            ("correct", "Correct"),
            ("corrected", "Corrected"),
            ("missing", "Missing"),
            ("out_of_touch", "Out of touch"),
        ],
        default="pending",
        required=True,
        readonly=True,
        copy=False,
        index=True,
    )
    user_id = fields.Many2one("res.users", "Checked by", readonly=True, copy=False)
    date_checked = fields.Datetime("Checked on", readonly=True, copy=False)
    note = fields.Char("Remarks")
    company_id = fields.Many2one(related="stocktake_id.company_id", store=True, index=True)

    _vehicle_uniq = models.Constraint("UNIQUE(stocktake_id, vehicle_id)", "The file is on this stocktake already.")

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_open()
        return lines

    def write(self, vals):
        if not self._has_proof():
            self._check_open()
            if {"vehicle_id", "stocktake_id"}.intersection(vals):
                self._unlink_except_checked()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_checked(self):
        checked = self.filtered(lambda line: line.result != "pending")
        if checked:
            raise UserError(
                self.env._(
                    "%(vehicle)s was checked in %(stocktake)s: the result stays.",
                    vehicle=checked[0].vehicle_id.display_name,
                    stocktake=checked[0].stocktake_id.name,
                )
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_correct(self):
        """The file is right as it is."""
        return self._check_file("correct")

    def action_corrected(self):
        """Something was wrong and has been put right."""
        return self._check_file("corrected")

    def action_missing(self):
        """The file or its papers cannot be found."""
        return self._check_file("missing")

    def action_out_of_touch(self):
        """The customer can no longer be reached."""
        return self._check_file("out_of_touch")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_file(self, result):
        self.check_access("write")
        not_running = self.stocktake_id.filtered(lambda stocktake: stocktake.state != "running")
        if not_running:
            raise UserError(
                self.env._("%(stocktake)s is not running, so nothing can be checked.", stocktake=not_running[0].name)
            )
        self._write_protected({"result": result, "user_id": self.env.uid, "date_checked": fields.Datetime.now()})
        for company, lines in self.grouped("company_id").items():
            # Sudoed: an archivist keeps no vehicle files, the day of the check is a note of the system
            lines.vehicle_id.sudo()._write_protected({"last_stocktake_date": company._aftersales_today()})
        return True

    def _check_open(self):
        closed = self.stocktake_id.filtered(lambda stocktake: stocktake.state == "closed")
        if closed:
            raise UserError(self.env._("%(stocktake)s is closed, its list stays as it is.", stocktake=closed[0].name))

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {row.id: f"{row.stocktake_id.name}: {row._selection_label('result')}" for row in self}
