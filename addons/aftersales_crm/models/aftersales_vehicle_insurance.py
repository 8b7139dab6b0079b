from odoo import fields, models


class AftersalesVehicleInsurance(models.Model):
    _name = "aftersales.vehicle.insurance"
    _description = "Insurance Policy"
    _order = "date_end desc, id desc"
    _rec_name = "policy_number"
    _check_company_auto = True

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [("compulsory", "Compulsory"), ("commercial", "Commercial"), ("other", "Other")],
        required=True,
        default="compulsory",
    )
    insurer = fields.Char(required=True)
    policy_number = fields.Char("Policy No.")
    date_start = fields.Date("Start")
    date_end = fields.Date("Expiry", required=True, index=True)
    note = fields.Char("Remarks")
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)

    _dates = models.Constraint(
        "CHECK(date_start IS NULL OR date_end >= date_start)", "The policy expires before it starts. Correct one date."
    )

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {
            row.id: self.env._(
                "%(kind)s, %(insurer)s, until %(date)s",
                kind=dict(self._fields["kind"]._description_selection(self.env))[row.kind],
                insurer=row.insurer,
                date=row.date_end,
            )
            for row in self
        }
