"""What the rows of a file mean for the records: planned on sets of rows, written in batches.

The dry run plans and writes with the same code as the import, and takes everything back afterwards.
"""

import json
import logging

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError

from ..tools import bulk
from ..tools.dms_row import Row, SaidRows
from ..tools.plate import normalize_plate
from ..tools.vin import normalize_vin
from .cells import Cells
from .customer import CustomerPlanner
from .ledger import MODELS, ORDER, SOURCE_DATE, VEHICLE, Entry, Ledger
from .order import OrderPlanner
from .register import Register
from .vehicle import VehiclePlanner

_logger = logging.getLogger(__name__)

REFUSALS = (UserError, ValidationError, AccessError, ValueError, psycopg2.IntegrityError, psycopg2.DataError)
# Records of a line: (field of the line and slot of the row, letter of the mark)
SLOTS = (("order", "o"), ("vehicle", "v"), ("partner", "p"), ("brought_by", "b"))


class ImportPlanner:
    """Plans and writes the rows of one import.

    :param imp: the import, with the rights and in the language of the person
    :param as_of: the moment of which the file tells, naive and in UTC
    """

    def __init__(self, imp, as_of):
        self.imp = imp
        self._ = imp.env._
        self.ledger = Ledger(imp, as_of)
        self.cells = Cells(imp)
        self.register = Register(self.ledger)
        rooms = (self.ledger, self.cells, self.register)
        self.vehicles = VehiclePlanner(*rooms)
        self.customers = CustomerPlanner(*rooms)
        self.orders = OrderPlanner(*rooms)
        self.env = self.ledger.env

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def run(self, raw_rows):
        """Plan and write a batch of rows.

        :param raw_rows: [(row number, list of texts)]
        :return: values of import lines, one for each row
        """
        # What earlier batches have said is in the lines
        self.cells.said = SaidRows()
        return self._run(raw_rows)

    def _run(self, raw_rows):
        said = self.cells.said.snapshot()
        self.customers.take_doubts()
        rows = []
        try:
            with self.env.cr.savepoint():
                rows = self._plan(raw_rows)
                self._flush(rows)
            return [self._line_vals(row) for row in rows]
        except REFUSALS as error:
            # A batch that the models refuse is halved until the bad row stands alone; the good ones go in.
            self.cells.said = said
            _logger.debug("Import of %s rows in two halves: %s", len(raw_rows), error)
            if len(raw_rows) > 1:
                middle = len(raw_rows) // 2
                return self._run(raw_rows[:middle]) + self._run(raw_rows[middle:])
            row = Row(*raw_rows[0])
            self.cells.reader.fill(row)
            row.errors.append(self._error_text(error))
            return [self._line_vals(row)]
        finally:
            self._let_go(rows)

    def _let_go(self, rows):
        """Part rows and entries, which name each other: the memory of a batch is free at once, not some time later."""
        for row in rows:
            for entry in (row.order, row.vehicle, row.partner, row.brought_by, *row.catalogue):
                if entry is not None:
                    entry.born = None
            row.order = row.vehicle = row.partner = row.brought_by = None
            row.changes, row.catalogue = [], []

    def _error_text(self, error):
        if isinstance(error, psycopg2.Error):
            for model in MODELS:
                if self.env[model]._table == error.diag.table_name:
                    return self.env[model].with_env(self.imp.env)._sql_error_to_message(error)
            return self._("The database refused the values of this row: %(reason)s", reason=error.diag.message_primary)
        return str(error.args[0]) if error.args else str(error)

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
        self.cells.load_said(readable)
        for row in readable:
            if not self.cells.is_repeated(row):
                self._plan_row(row)
                if row.errors:
                    self.cells.forget(row)
        return rows

    def _plan_row(self, row):
        has_order, has_car = bool(row.cells.get("order_name")), bool(row.cells["vin"] or row.cells["license_plate"])
        order = self.orders.find(row)
        values = self.orders.read_values(row, order) if has_order else {}
        self.vehicles.check_dates(row)
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
        for moment, kept in row.kept.items():
            row.notes.append(
                self._(
                    "Known of a later moment (%(moment)s) than this file, and left as it is: %(fields)s.",
                    moment=self.ledger.local(moment),
                    fields=", ".join(self.ledger.label(model, name) for model, name in kept),
                )
            )

    # ------------------------------------------------------------
    # WRITE
    # ------------------------------------------------------------

    def _entries(self, rows):
        """Return the entries that the rows touch, each once, in the order of the file."""
        found = {}
        for row in rows:
            if row.errors:
                continue
            for entry in (row.partner, row.brought_by, row.vehicle, row.order):
                if entry is not None:
                    self._collect(entry, found)
        return found.values()

    def _collect(self, entry, found):
        if id(entry) in found:
            return
        found[id(entry)] = entry
        for value in entry.vals.values():
            if value.__class__ is Entry:
                self._collect(value, found)

    def _flush(self, rows):
        """Write what the rows want: one creation for each kind of record, then the changes, in sets."""
        by_model = {model: ([], []) for model in MODELS}
        stale = {model: [] for model in SOURCE_DATE}
        for entry in self._entries(rows):
            new, changed = by_model[entry.model]
            if entry.new:
                new.append(entry)
            elif entry.vals:
                changed.append(entry)
            if not entry.new and entry.model in stale:
                stale[entry.model].append(entry)
        for model in MODELS:
            new, changed = by_model[model]
            if new:
                self._create(model, new, rows)
            if changed:
                self._change(model, changed)
        self._keep_doubts()
        for model, entries in stale.items():
            self._date(model, entries)
        self.env.flush_all()

    def _foretell(self, entries, vals_list, rows):
        """Give new files at once what the orders of the batch will make of them: the last visit and the odometer.

        The models come to the same values when the orders are written, and then have nothing to write.
        """
        visits, readings = {}, {}
        for row in rows:
            order = row.order
            if row.errors or order is None or not order.new or row.vehicle is None or not row.vehicle.new:
                continue
            key, date_out, odometer = id(row.vehicle), order.vals.get("date_out"), order.vals.get("odometer")
            if date_out:
                visits[key] = max(date_out, visits.get(key, date_out))
                if odometer:
                    reading = (self.ledger.local(order.vals["date_in"]).date(), odometer)
                    readings[key] = max(reading, readings.get(key, reading))
        for entry, vals in zip(entries, vals_list, strict=True):
            if id(entry) in visits:
                vals["last_service_date"] = visits[id(entry)]
            if id(entry) in readings:
                vals["odometer_date"], vals["odometer"] = readings[id(entry)]

    def _create(self, model, entries, rows):
        late = []
        for entry in entries:
            comeback = entry.vals.get("comeback_of_id")
            if comeback.__class__ is Entry and not comeback.record:
                late.append((entry, entry.vals.pop("comeback_of_id")))
        vals_list = [entry.write_vals() for entry in entries]
        if model == VEHICLE and bulk.is_bulk_safe(self.env[model], {"last_service_date"}):
            self._foretell(entries, vals_list, rows)
        records = bulk.create(self.env[model], vals_list, protected=model in (ORDER, VEHICLE))
        for entry, record in zip(entries, records, strict=True):
            entry.record = record
        if late:
            orders = self.env[model].browse([entry.record.id for entry, _comeback in late])
            orders._write_each([{"comeback_of_id": comeback.record.id} for _entry, comeback in late])

    def _change(self, model, entries):
        if model in SOURCE_DATE:
            self._date_with_change(model, entries)
        if model == ORDER:
            orders = self.env[model].browse([entry.record.id for entry in entries])
            orders._write_each([entry.write_vals() for entry in entries])
            return
        for entry in entries:
            entry.record.write(entry.write_vals())

    def _date(self, model, entries):
        """Put down the moment of the file on what it told of; that is no change of the record.

        What the rows have changed as well is written once, with all of it: each UPDATE of a wide row costs what its indexes
        cost.
        """
        records = self.env[model]
        records._recompute_model()
        written = {id_ for field, ids in self.env._field_dirty.items() if field.model_name == model for id_ in ids}
        self._date_with_change(model, [entry for entry in entries if entry.record.id in written])
        ids = [entry.record.id for entry in entries if self._is_older(entry)]
        if ids:
            name = SOURCE_DATE[model]
            self.env.cr.execute(
                f'UPDATE "{records._table}" SET "{name}" = %s WHERE id = ANY(%s)', (self.ledger.as_of, ids)
            )
            records.browse(ids).invalidate_recordset([name], flush=False)

    def _date_with_change(self, model, entries):
        """Put down the moment of the file on records that are about to be written anyway."""
        ids = [entry.record.id for entry in entries if self._is_older(entry)]
        if ids:
            records = self.env[model].browse(ids)
            records._fields[SOURCE_DATE[model]]._update_cache(records, self.ledger.as_of, dirty=True)

    def _is_older(self, entry):
        """Tell whether the values of the record are known of an earlier moment than the file, or of none."""
        moment = entry.record[SOURCE_DATE[entry.model]]
        return bool(self.ledger.as_of) and (not moment or moment < self.ledger.as_of)

    def _keep_doubts(self):
        doubts = self.customers.take_doubts()
        if doubts:
            self.env["aftersales.import.doubt"]._add(self.imp, doubts)

    # ------------------------------------------------------------
    # LINES
    # ------------------------------------------------------------

    def _line_vals(self, row):
        cells = row.cells
        number = normalize_plate(cells.get("license_plate")) or normalize_vin(cells.get("vin"))
        vals = {
            "row_number": row.number,
            "order_number": cells.get("order_name"),
            "vehicle_number": number,
            "customer_name": cells.get("partner_name"),
            "reason": "\n".join(row.errors) or None,
            "note": "\n".join(row.notes) or None,
            "has_note": bool(row.notes),
            "raw": json.dumps(row.raw, ensure_ascii=False),
        }
        if row.errors:
            return {**vals, "result": "refused"}
        marks, changed = "", {id(change["entry"]) for change in row.changes}
        made = {}
        for slot, letter in SLOTS:
            entry = getattr(row, slot)
            if entry is None:
                continue
            vals[f"{slot}_id"] = entry.record.id or None
            if entry.born is row:
                marks += letter.upper()
            elif id(entry) in changed:
                marks += letter
        if row.made:
            made = self._made(row)
        if "O" in marks or ((row.order is None) and marks.upper() != marks.lower() and marks != marks.lower()):
            vals["result"] = "create"
        elif row.changes or marks:
            vals["result"] = "update"
        else:
            vals["result"] = "unchanged"
        vals["marks"] = marks or None
        if row.changes or made:
            vals["changes"] = json.dumps({"set": [self._change_vals(change) for change in row.changes], **made})
        return vals

    def _made(self, row):
        """Return the catalogue records that the row has made, for an undoing."""
        made = [[entry.model, entry.record.id] for entry in row.catalogue]
        return {"made": made} if made else {}

    def _change_vals(self, change):
        entry, value = change["entry"], change["value"]
        vals = {"model": entry.model, "id": entry.record.id}
        vals |= {key: item for key, item in change.items() if key not in ("entry", "value")}
        # Lists (technicians, lines) are not compared when the import is taken back
        if value is not False:
            vals["now"] = self.ledger.raw_now(entry, change["field"], value)
        return vals
