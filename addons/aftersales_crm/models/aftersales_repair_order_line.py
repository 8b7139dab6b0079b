from odoo import api, fields, models


class AftersalesRepairOrderLine(models.Model):
    _name = "aftersales.repair.order.line"
    _description = "Repair Order Line"
    _order = "order_id, sequence, id"
    _check_company_auto = True

    order_id = fields.Many2one(
        "aftersales.repair.order", "Repair Order", required=True, index=True, ondelete="cascade", check_company=True
    )
    company_id = fields.Many2one(related="order_id.company_id", store=True, index=True, precompute=True)
    sequence = fields.Integer(default=10)
    line_type = fields.Selection([("work", "Work"), ("part", "Part")], "Type", required=True, default="work")
    code = fields.Char(help="Number of the work position or of the part.")
    name = fields.Char("Description", required=True)
    quantity = fields.Float(default=1.0, digits=(16, 2))
    currency_id = fields.Many2one(related="order_id.currency_id")
    price_unit = fields.Monetary("Unit Price")
    amount = fields.Monetary(compute="_compute_amount", store=True)

    _quantity_positive = models.Constraint("CHECK(quantity >= 0)", "The quantity cannot be negative.")

    @api.depends("quantity", "price_unit")
    def _compute_amount(self):
        for line in self:
            line.amount = line.quantity * line.price_unit

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.order_id._check_correction(["line_ids"])
        return lines

    def write(self, vals):
        # Both the order that the line leaves and the one that it enters
        self.order_id._check_correction(["line_ids"])
        result = super().write(vals)
        if "order_id" in vals:
            self.order_id._check_correction(["line_ids"])
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self.order_id._check_correction(["line_ids"])
