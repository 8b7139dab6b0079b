from odoo import fields, models


class AftersalesVehicleOdometer(models.Model):
    _name = "aftersales.vehicle.odometer"
    _description = "Odometer Reading"
    _order = "date desc, value desc, id desc"
    _rec_name = "value"
    _check_company_auto = True

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, index=True, ondelete="cascade")
    date = fields.Date(required=True, default=fields.Date.context_today)
    value = fields.Integer("Odometer (km)", required=True, aggregator="max")
    source = fields.Selection(
        [("manual", "By hand"), ("order", "Repair order"), ("import", "Import"), ("other", "Other")],
        required=True,
        default="manual",
    )
    user_id = fields.Many2one("res.users", "Read by", default=lambda self: self.env.user, readonly=True)
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)

    _value_range = models.Constraint(
        "CHECK(value >= 0 AND value < 10000000)", "An odometer shows between 0 and 9,999,999 km."
    )
