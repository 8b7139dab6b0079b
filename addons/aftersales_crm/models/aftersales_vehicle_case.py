from odoo import fields, models
from odoo.tools import format_date


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

    def _get_troubles(self):
        troubles = super()._get_troubles()
        # Sudoed: an open case is said at the counter by number and level; its story stays with who may read it
        for case in (
            self.env["aftersales.complaint"]
            .sudo()
            .search([("vehicle_id", "in", self.ids), ("date_closed", "=", False)], order="date_received desc, id desc")
        ):
            if case.partner_id not in case.vehicle_id._get_people() or self.env.user in case.concerned_ids:
                continue
            text = self.env._(
                "Open case %(number)s (%(level)s) since %(date)s",
                number=case.name,
                level=case._selection_label("level"),
                date=format_date(self.env, case.company_id._aftersales_local(case.date_received).date()),
            )
            troubles.setdefault(case.vehicle_id.id, []).insert(0, text)
        return troubles
