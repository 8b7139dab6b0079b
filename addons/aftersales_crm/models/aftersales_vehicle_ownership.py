from odoo import fields, models


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
