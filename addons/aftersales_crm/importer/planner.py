"""What the rows of a file mean for the records: planned on sets of rows, written in batches.

The dry run and the real import plan with the same code; only the real one writes afterwards.
"""

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools.dms_row import Row
from ..tools.plate import normalize_plate
from ..tools.vin import normalize_vin
from .cells import Cells
from .customer import CustomerPlanner
from .ledger import MODELS, ORDER, Entry, Ledger
from .order import OrderPlanner
from .register import Register
from .vehicle import VehiclePlanner

REFUSALS = (UserError, ValidationError, AccessError, ValueError, psycopg2.IntegrityError, psycopg2.DataError)


class ImportPlanner:
    """Plans and writes the rows of one import.

    :param imp: the import, with the rights and in the language of the person
    :param write: whether to write what was planned
    """

    def __init__(self, imp, write):
        self.imp = imp
        self.write = write
        self._ = imp.env._
        self.ledger = Ledger(imp, write)
        self.cells = Cells(imp)
        self.register = Register(self.ledger)
        rooms = (self.ledger, self.cells, self.register)
        self.vehicles = VehiclePlanner(*rooms)
        self.customers = CustomerPlanner(*rooms)
        self.orders = OrderPlanner(*rooms)
        self.env = self.ledger.env
        self.counts = {}
        self.counted = set()

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def run(self, raw_rows):
        """Plan, and write when asked, a batch of rows.

        :param raw_rows: [(row number, list of texts)]
        :return: values of import lines, one for each row
        """
        said = self.cells.said.snapshot()
        if not self.write:
            rows = self._plan(raw_rows)
            self._count(rows)
            return [self._line_vals(row) for row in rows]
        try:
            with self.env.cr.savepoint():
                rows = self._plan(raw_rows)
                self._flush(rows)
            lines = [self._line_vals(row) for row in rows]
            self._count(rows)
            return lines
        except REFUSALS as error:
            # A batch that the models refuse is halved until the bad row stands alone; the good ones go in.
            self.cells.said = said
            if len(raw_rows) > 1:
                middle = len(raw_rows) // 2
                return self.run(raw_rows[:middle]) + self.run(raw_rows[middle:])
            row = Row(*raw_rows[0])
            self.cells.reader.fill(row)
            row.errors.append(self._error_text(error))
            return [self._line_vals(row)]

    def _error_text(self, error):
        if isinstance(error, psycopg2.Error):
            for model in MODELS:
                if self.env[model]._table == error.diag.table_name:
                    return self.env[model].with_env(self.imp.env)._sql_error_to_message(error)
            return self._("The database refused the values of this row: %(reason)s", reason=error.diag.message_primary)
        return str(error.args[0]) if error.args else str(error)

    def _count(self, rows):
        for entry in self._entries(rows):
            key = (entry.model, "create" if entry.new else "update")
            if (entry.new or entry.changes) and entry not in self.counted:
                self.counted.add(entry)
                self.counts[key] = self.counts.get(key, 0) + 1

    def _line_vals(self, row):
        if row.errors:
            result = "refused"
        elif any(change["new_record"] and change["model"] == ORDER for change in row.changes):
            result = "create"
        elif not row.changes:
            result = "unchanged"
        elif row.order is None and any(change["new_record"] for change in row.changes):
            result = "create"
        else:
            result = "update"
        cells = row.cells
        number = normalize_plate(cells.get("license_plate")) or normalize_vin(cells.get("vin"))
        return {
            "import_id": self.imp.id,
            "row_number": row.number,
            "result": result,
            "order_number": cells.get("order_name"),
            "vehicle_number": number,
            "customer_name": cells.get("partner_name"),
            "reason": "\n".join(row.errors) or False,
            "note": "\n".join(row.notes) or False,
            "changes": row.changes if not row.errors else [],
            "raw": row.raw,
            "order_id": row.order.record.id if row.order and row.order.record and not row.errors else False,
            "vehicle_id": row.vehicle.record.id if row.vehicle and row.vehicle.record and not row.errors else False,
            "partner_id": row.partner.record.id if row.partner and row.partner.record and not row.errors else False,
        }

    # ------------------------------------------------------------
    # PLAN
    # ------------------------------------------------------------

    def _plan(self, raw_rows):
        rows = [Row(number, raw) for number, raw in raw_rows]
        for row in rows:
            self.cells.read_row(row)
        readable = [row for row in rows if not row.errors]
        self.register.load(
            {target: {row.cells[target] for row in readable if row.cells.get(target)} for target in self.cells.columns}
        )
        for row in readable:
            if not self.cells.is_repeated(row):
                self._plan_row(row)
        return rows

    def _plan_row(self, row):
        has_order, has_car = bool(row.cells.get("order_name")), bool(row.cells["vin"] or row.cells["license_plate"])
        order = self.orders.find(row)
        values = self.orders.read_values(row, order) if has_order else {}
        if row.errors:
            return
        vehicle = self.vehicles.find(row)
        if order and has_car and not (vehicle and vehicle.is_in(order.get("vehicle_id"))):
            row.errors.append(
                self._(
                    "Order %(order)s is in the system with another car (%(vehicle)s). Correct the number or the car.",
                    order=row.cells["order_name"],
                    vehicle=self.ledger.shown(order, "vehicle_id", order.get("vehicle_id")),
                )
            )
            return
        row.vehicle, row.order = vehicle, order
        row.partner = self.customers.plan(row)
        if has_car:
            self.vehicles.plan(row)
            self.customers.plan_brought_by(row)
        if has_order and row.vehicle is not None:
            self.orders.plan(row, values)

    # ------------------------------------------------------------
    # WRITE
    # ------------------------------------------------------------

    def _entries(self, rows):
        """Return the entries that the rows touch, each once, in the order of the file."""
        found = {}
        for row in rows:
            if row.errors:
                continue
            for entry in (row.partner, row.vehicle, row.order):
                if entry is not None:
                    for value in (*entry.vals.values(), entry):
                        self._collect(value, found)
        return list(found.values())

    def _collect(self, value, found):
        if not isinstance(value, Entry) or id(value) in found:
            return
        for inner in value.vals.values():
            self._collect(inner, found)
        found[id(value)] = value

    def _flush(self, rows):
        """Write what the rows want: one create for each kind of record, then the changes."""
        entries = self._entries(rows)
        for model in MODELS:
            new = [entry for entry in entries if entry.model == model and entry.new]
            late = {}
            vals_list = []
            for entry in new:
                comeback = entry.vals.get("comeback_of_id")
                if isinstance(comeback, Entry) and not comeback.record:
                    late[id(entry)] = entry.vals.pop("comeback_of_id")
                vals_list.append(entry.write_vals())
            if vals_list:
                create = self.env[model]._create_protected if model == ORDER else self.env[model].create
                for entry, record in zip(new, create(vals_list), strict=True):
                    entry.record = record
                    if id(entry) in late:
                        record.comeback_of_id = late[id(entry)].record
            for entry in entries:
                if entry.model == model and not entry.new and entry.vals:
                    entry.record.write(entry.write_vals())
        self.env.flush_all()
