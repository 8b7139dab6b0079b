from odoo import api, fields, models

from ..tools import bulk


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

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _add_readings(self, readings, source):
        """Add readings, each once, however often it is told.

        :param readings: [(id of the vehicle, date, kilometres)]
        """
        known = {
            (reading.vehicle_id.id, reading.date, reading.value)
            for reading in self.search([("vehicle_id", "in", list({vehicle_id for vehicle_id, _d, _v in readings}))])
        }
        bulk.create(
            self,
            [
                {"vehicle_id": vehicle_id, "date": date, "value": value, "source": source}
                for vehicle_id, date, value in dict.fromkeys(readings)
                if (vehicle_id, date, value) not in known
            ],
        )

    def _timeline_texts(self, kind):
        """What the timeline says of each row."""
        return {row.id: f"{row.value:,} km" for row in self}
