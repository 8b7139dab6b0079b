from odoo import fields, models


class AftersalesStocktakeLine(models.Model):
    _name = "aftersales.stocktake.line"
    _description = "Stocktake Line"
    _inherit = ["aftersales.protected.mixin"]
    _order = "id"
    _rec_name = "vehicle_id"
    _check_company_auto = True
    _protected_fields = frozenset({"user_id", "date_checked"})

    stocktake_id = fields.Many2one("aftersales.stocktake", required=True, index=True, ondelete="cascade")
    vehicle_id = fields.Many2one(
        "aftersales.vehicle", "Vehicle", required=True, index=True, ondelete="cascade", check_company=True
    )
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
        index=True,
    )
    user_id = fields.Many2one("res.users", "Checked by", readonly=True, copy=False)
    date_checked = fields.Datetime("Checked on", readonly=True, copy=False)
    note = fields.Char("Remarks")
    company_id = fields.Many2one(related="stocktake_id.company_id", store=True, index=True)

    _vehicle_uniq = models.Constraint("UNIQUE(stocktake_id, vehicle_id)", "The file is on this stocktake already.")
