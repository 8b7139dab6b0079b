from odoo import fields, models


class AftersalesVehicle(models.Model):
    _inherit = "aftersales.vehicle"

    complaint_ids = fields.One2many("aftersales.complaint", "vehicle_id", "Complaints", readonly=True)
    complaint_count = fields.Integer(
        "Number of Complaints",
        compute="_compute_complaint_count",
        groups="aftersales_crm.group_aftersales_advisor,aftersales_crm.group_aftersales_crc,"
        "aftersales_crm.group_aftersales_gm",
    )

    def _compute_complaint_count(self):
        groups = self.env["aftersales.complaint"]._read_group(
            [("vehicle_id", "in", self.ids)], ["vehicle_id"], ["__count"]
        )
        counts = {vehicle.id: count for vehicle, count in groups}
        for vehicle in self:
            vehicle.complaint_count = counts.get(vehicle.id, 0)

    def action_open_complaints(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Complaints"),
            "res_model": "aftersales.complaint",
            "view_mode": "list,form",
            "domain": [("vehicle_id", "=", self.id)],
            "context": {"default_vehicle_id": self.id, "default_partner_id": self.partner_id.id},
        }
