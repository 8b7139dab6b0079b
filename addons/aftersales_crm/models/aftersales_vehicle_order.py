from odoo import api, fields, models
from odoo.tools import format_date

from ..tools import bulk
from ..tools.dating import date_correction
from .aftersales_vehicle import CARD_FIELDS

# What a file of another system tells of a car
IMPORTED_FIELDS = frozenset({*CARD_FIELDS, "inspection_due_date", "brought_by_id"})


class AftersalesVehicle(models.Model):
    """The visits of the car, as the vehicle file shows them."""

    _inherit = "aftersales.vehicle"

    source_date = fields.Datetime(
        "Values as of",
        copy=False,
        readonly=True,
        help="The moment of the export, or of the correction by hand, that told these values last. An older export does "
        "not overwrite them.",
    )
    import_line_ids = fields.One2many(
        "aftersales.import.line", "vehicle_id", "Import Rows", groups="aftersales_crm.group_aftersales_admin"
    )
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

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        return super().write(date_correction(self, vals, "source_date", IMPORTED_FIELDS))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_view_repair_orders(self):
        """Open the visits of these cars."""
        action = self.env["ir.actions.act_window"]._for_xml_id("aftersales_crm.aftersales_repair_order_action")
        action["domain"] = [("vehicle_id", "in", self.ids)]
        action["context"] = {"default_vehicle_id": self.id} if len(self) == 1 else {}
        return action

    def action_view_import_lines(self):
        """Open the rows of the imports that touched these cars."""
        return self.env["aftersales.import.line"]._view_lines([("vehicle_id", "in", self.ids)])

    def _update_last_service_date(self):
        """Write the last visit of the cars, as their delivered orders tell it."""
        last_by_vehicle = dict(
            self.env["aftersales.repair.order"]
            .sudo()
            ._read_group(
                [("vehicle_id", "in", self.ids), ("state", "=", "delivered")], ["vehicle_id"], ["date_out:max"]
            )
        )
        # Sudoed: the ledger of the file is not the advisor's to write
        stale_sudo = self.sudo().filtered(
            lambda vehicle: vehicle.last_service_date != last_by_vehicle.get(vehicle, False)
        )
        bulk.write(stale_sudo, [{"last_service_date": last_by_vehicle.get(vehicle)} for vehicle in stale_sudo])

    def _ownership_changed(self, previous):
        # The car stays what was repaired, the person leaves: nobody calls the number of that visit any more
        result = super()._ownership_changed(previous)
        orders_sudo = self.env["aftersales.repair.order"].sudo().search([("vehicle_id", "in", self.ids)])
        closed_sudo = orders_sudo.filtered(lambda order: order.state != "open")
        closed_sudo.with_context(tracking_disable=True)._write_protected(
            {"is_former_owner": True, "callback_phone": False}
        )
        return result

    def _get_troubles(self):
        troubles = super()._get_troubles()
        # Sudoed: whoever stands at the counter must know; rows of former owners are left out
        last_by_vehicle = {}
        for order in (
            self.env["aftersales.repair.order"]
            .sudo()
            .search(
                [
                    ("vehicle_id", "in", self.ids),
                    ("state", "!=", "cancelled"),
                    ("is_former_owner", "=", False),
                    "|",
                    ("is_comeback", "=", True),
                    ("declined_advice", "!=", False),
                ],
                order="date_in desc, id desc",
            )
        ):
            last_by_vehicle.setdefault(order.vehicle_id.id, order)
        for vehicle_id, order in last_by_vehicle.items():
            date = format_date(self.env, order.company_id._aftersales_local(order.date_in).date())
            lines = troubles.setdefault(vehicle_id, [])
            if order.is_comeback:
                lines.append(
                    self.env._("Comeback on %(date)s: %(work)s", date=date, work=order.work_summary or order.name)
                )
            if order.declined_advice:
                lines.append(
                    self.env._("Advised on %(date)s, not done: %(advice)s", date=date, advice=order.declined_advice)
                )
        return troubles

    def _files_merged(self):
        result = super()._files_merged()
        self._update_last_service_date()
        return result
