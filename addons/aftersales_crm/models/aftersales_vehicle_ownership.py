from odoo import api, fields, models


class AftersalesVehicleOwnership(models.Model):
    """Who owned the car from when to when. Written by the vehicle file and by approved change requests alone."""

    _name = "aftersales.vehicle.ownership"
    _description = "Vehicle Owner"
    _inherit = ["aftersales.protected.mixin"]
    _order = "date_from desc, id desc"
    _rec_name = "partner_id"
    _check_company_auto = True
    _protected_append_only = True

    vehicle_id = fields.Many2one("aftersales.vehicle", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Owner", required=True, index=True, ondelete="restrict")
    license_plate = fields.Char("Plate")
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To")
    change_request_id = fields.Many2one("aftersales.change.request", index="btree_not_null")
    company_id = fields.Many2one(related="vehicle_id.company_id", store=True, index=True)

    _current_uniq = models.UniqueIndex("(vehicle_id) WHERE date_to IS NULL", "A vehicle has one owner at a time.")
    _dates = models.Constraint("CHECK(date_to IS NULL OR date_to >= date_from)", "An ownership ends after it begins.")

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _begin(self, vehicles):
        """Begin the history of the cars that have an owner."""
        self.sudo()._create_protected(
            [
                {
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "license_plate": vehicle.license_plate,
                    "date_from": vehicle.delivery_date or vehicle.company_id._aftersales_today(),
                }
                for vehicle in vehicles.filtered("partner_id")
            ]
        )

    @api.model
    def _correct(self, vehicles):
        """Put right the current owner: the entry was wrong, the car did not change hands."""
        for vehicle in vehicles:
            current = vehicle.ownership_ids.sudo()._current()
            if not current:
                self._begin(vehicle)
            elif vehicle.partner_id:
                current._write_protected({"partner_id": vehicle.partner_id.id})

    @api.model
    def _pass_on(self, vehicle, request):
        """Close the chapter of the former owner and open the one of whom the car belongs to now (superuser mode)."""
        date = request.date_transfer or vehicle.company_id._aftersales_today()
        current = vehicle.ownership_ids._current()
        if current:
            current._write_protected({"date_to": max(date, current.date_from)})
            # The new row is inserted at once and would meet the old one still open
            current.flush_recordset(["date_to"])
        self._create_protected(
            [
                {
                    "vehicle_id": vehicle.id,
                    "partner_id": vehicle.partner_id.id,
                    "license_plate": vehicle.license_plate,
                    "date_from": date,
                    "change_request_id": request.id,
                }
            ]
        )

    def _current(self):
        return self.filtered(lambda row: not row.date_to)
