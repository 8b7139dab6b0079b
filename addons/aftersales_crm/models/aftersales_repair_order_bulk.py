from odoo import models
from odoo.fields import Command

from ..tools import bulk

_OWN = "odoo.addons.aftersales_crm.models"
# Classes all of whose ``write()`` is in `_write_each`, or has nothing to do in superuser mode (masked numbers)
WRITE_COVERED = {
    f"{_OWN}.aftersales_repair_order.AftersalesRepairOrder",
    f"{_OWN}.aftersales_repair_order_number.AftersalesRepairOrder",
}


class AftersalesRepairOrder(models.Model):
    """What `tools/bulk.py` needs to know to write many orders at once."""

    _inherit = "aftersales.repair.order"

    def _bulk_create_covered(self):
        return {f"{_OWN}.aftersales_repair_order.AftersalesRepairOrder"}

    def _bulk_fields(self):
        return frozenset(
            {
                *(
                    "company_id",
                    "name",
                    "import_id",
                    "vehicle_id",
                    "partner_id",
                    "date_in",
                    "date_promised",
                    "date_out",
                ),
                *("odometer", "kind", "customer_words", "settlement_number", "declined_advice", "callback_consent"),
                *("callback_time", "callback_phone", "advisor_id", "advisor_name", "technician_ids"),
                *("technician_names", "line_ids", "amount_total", "comeback_of_id", "source_date"),
            }
        )

    def _bulk_rules(self, vals_list):
        owners, names = {}, {}
        if any("partner_id" not in vals for vals in vals_list):
            vehicles = self.env["aftersales.vehicle"].browse({vals["vehicle_id"] for vals in vals_list})
            owners = {vehicle.id: vehicle.partner_id.id for vehicle in vehicles}
        advisors = {vals["advisor_id"] for vals in vals_list if vals.get("advisor_id") and "advisor_name" not in vals}
        if advisors:
            names = {user.id: user.name for user in self.env["res.users"].browse(advisors)}
        return {
            "partner_id": lambda vals, _id: owners.get(vals["vehicle_id"]),
            "advisor_name": lambda vals, _id: names.get(vals.get("advisor_id")),
            "technician_names": None,
            "state": lambda vals, _id: "delivered" if vals.get("date_out") else "open",
            "is_comeback": lambda vals, _id: bool(vals.get("comeback_of_id")),
            "comeback_date": None,
            "is_first_time_fix": lambda vals, _id: bool(vals.get("date_out")),
        }

    def _bulk_prepare(self, vals_list):
        currency = self.env["res.company"].browse(vals_list[0].get("company_id") or self.env.company.id).currency_id
        for vals in vals_list:
            vals["name"] = self._prepare_number(vals)
            # The amounts of the lines, which go in after their order
            amounts = {"work": 0.0, "part": 0.0}
            for command in vals.get("line_ids") or ():
                line = command[2]
                amounts["work" if line["line_type"] == "work" else "part"] += currency.round(line["price_unit"])
            vals["amount_work"], vals["amount_part"] = amounts["work"], amounts["part"]
            vals.setdefault("amount_total", amounts["work"] + amounts["part"])

    def _bulk_created(self, records, vals_list):
        delivered = records.browse(
            id_ for id_, vals in zip(records._ids, vals_list, strict=True) if vals["state"] == "delivered"
        )
        if delivered:
            delivered._order_delivered()

    def _write_each(self, vals_list):
        """Write other values to each of the orders, in sets, with all that ``write()`` does about deliveries and consent.

        :param vals_list: values as for ``write()``; lines as commands that create or update
        """
        if not bulk.is_write_safe(self, WRITE_COVERED):
            for order, vals in zip(self, vals_list, strict=True):
                order.write(vals)
            return
        lines = [(order, vals.pop("line_ids", ())) for order, vals in zip(self, vals_list, strict=True)]
        technicians = [(order, vals.pop("technician_ids", None)) for order, vals in zip(self, vals_list, strict=True)]
        before = self.filtered(lambda order: order.state == "delivered")
        vehicles, moments = before.vehicle_id, {order: order.date_out for order in before}
        # A total or names that are written stand, whatever the lines and the users would make of them
        kept = [
            ([self._fields[name] for name in ("amount_total", "technician_names") if name in vals], order)
            for order, vals in zip(self, vals_list, strict=True)
        ]
        with self.env.protecting(kept):
            self._write_lines(lines)
            for order, commands in technicians:
                if commands:
                    order.technician_ids = commands
            pairs = [(order, vals) for order, vals in zip(self, vals_list, strict=True) if vals]
            bulk.write(self.browse([order.id for order, _vals in pairs]), [vals for _order, vals in pairs])
        declined = self.browse(
            order.id for order, vals in zip(self, vals_list, strict=True) if vals.get("callback_consent") == "no"
        )
        if declined:
            declined._order_callback_declined()
        self._tell_deliveries(before, moments)
        if before:
            (vehicles | before.vehicle_id)._update_last_service_date()

    def _write_lines(self, lines):
        Line = self.env["aftersales.repair.order.line"]
        bulk_new, changed = [], []
        for order, commands in lines:
            for command in commands:
                if command[0] == Command.CREATE:
                    bulk_new.append({**command[2], "order_id": order.id})
                else:
                    changed.append((command[1], command[2]))
        if bulk_new:
            bulk.create(Line, bulk_new)
        if changed:
            bulk.write(Line.browse([id_ for id_, _vals in changed]), [vals for _id, vals in changed])


class AftersalesRepairOrderLine(models.Model):
    """The same for their lines."""

    _inherit = "aftersales.repair.order.line"

    def _bulk_create_covered(self):
        # In the superuser's environment it checks nothing (see `_check_correction`)
        return {f"{_OWN}.aftersales_repair_order_line.AftersalesRepairOrderLine"}

    def _bulk_fields(self):
        return frozenset({"order_id", "line_type", "name", "price_unit"})

    def _bulk_rules(self, vals_list):
        orders = self.env["aftersales.repair.order"].browse({vals["order_id"] for vals in vals_list})
        companies = {order.id: order.company_id.id for order in orders}
        return {
            "company_id": lambda vals, _id: companies[vals["order_id"]],
            "amount": lambda vals, _id: vals.get("price_unit") or 0.0,
        }

    def _bulk_prepare(self, vals_list):
        pass

    def _bulk_created(self, records, vals_list):
        pass
