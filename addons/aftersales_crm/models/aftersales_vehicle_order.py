from odoo import api, fields, models


class AftersalesVehicle(models.Model):
    """The visits of the car, as the vehicle file shows them."""

    _inherit = "aftersales.vehicle"

    repair_order_ids = fields.One2many("aftersales.repair.order", "vehicle_id", "Repair Orders")
    repair_order_count = fields.Integer(compute="_compute_repair_order_count")

    @api.depends("repair_order_ids.state")
    def _compute_repair_order_count(self):
        counts = dict(
            self.env["aftersales.repair.order"]._read_group(
                [("vehicle_id", "in", self.ids), ("state", "!=", "cancelled")], ["vehicle_id"], ["__count"]
            )
        )
        for vehicle in self:
            vehicle.repair_order_count = counts.get(vehicle._origin, 0)

    def action_view_repair_orders(self):
        """Open the visits of these cars."""
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_repair_order_action")
        action["domain"] = [("vehicle_id", "in", self.ids)]
        action["context"] = {"default_vehicle_id": self.id} if len(self) == 1 else {}
        return action

    def _update_last_service_date(self):
        """Write the last visit of the cars, as their delivered orders tell it."""
        last_by_vehicle = dict(
            self.env["aftersales.repair.order"]
            .sudo()
            ._read_group(
                [("vehicle_id", "in", self.ids), ("state", "=", "delivered")], ["vehicle_id"], ["date_out:max"]
            )
        )
        for vehicle in self:
            last = last_by_vehicle.get(vehicle, False)
            # Sudoed: the ledger of the file is not the advisor's to write
            if vehicle.last_service_date != last:
                vehicle.sudo()._write_protected({"last_service_date": last})

    def _ownership_changed(self, previous):
        # The car stays what was repaired, the person leaves: nobody calls the number of that visit any more
        result = super()._ownership_changed(previous)
        orders_sudo = self.env["aftersales.repair.order"].sudo().search([("vehicle_id", "in", self.ids)])
        closed_sudo = orders_sudo.filtered(lambda order: order.state != "open")
        closed_sudo.with_context(tracking_disable=True)._write_protected(
            {"is_former_owner": True, "callback_phone": False}
        )
        return result
