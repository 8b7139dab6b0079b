"""What the rows of a file mean for the records: planned on sets of rows, written in batches.

The dry run and the real import plan with the same code; only the real one writes afterwards.
"""

import re
from datetime import timezone

import psycopg2

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain

from ..tools import dms_values
from ..tools.dms_file import MAX_CELL as _MAX_CELL
from ..tools.plate import normalize_plate, plate_problem, plate_type
from ..tools.vin import check_digit, check_digit_mandatory, check_digit_ok, normalize_vin, vin_problem
from .aftersales_vehicle import CARD_FIELDS

REFUSALS = (UserError, ValidationError, AccessError, ValueError, psycopg2.IntegrityError, psycopg2.DataError)

PARTNER, VEHICLE, ORDER = "res.partner", "aftersales.vehicle", "aftersales.repair.order"
MODEL, BRAND = "fleet.vehicle.model", "fleet.vehicle.model.brand"
# Written in this order: each may name one before it
MODELS = (BRAND, MODEL, PARTNER, VEHICLE, ORDER)

# Target of a column -> (field of the order, way to read it, whether an unreadable cell refuses the row)
ORDER_CELLS = {
    "date_in": ("date_in", "datetime", True),
    "date_promised": ("date_promised", "datetime", False),
    "date_out": ("date_out", "datetime", True),
    "odometer": ("odometer", "integer", False),
    "kind": ("kind", "word", False),
    "customer_words": ("customer_words", "text", False),
    "amount_work": ("amount_work", "number", False),
    "amount_part": ("amount_part", "number", False),
    "amount_total": ("amount_total", "number", False),
    "settlement_number": ("settlement_number", "text", False),
    "declined_advice": ("declined_advice", "text", False),
    "callback_consent": ("callback_consent", "word", False),
    "callback_time": ("callback_time", "word", False),
    "callback_phone": ("callback_phone", "phone", False),
    "works": ("works", "text", False),
    "parts": ("parts", "text", False),
}
VEHICLE_CELLS = {
    "engine_number": ("engine_number", "upper"),
    "manufacture_date": ("manufacture_date", "date"),
    "delivery_date": ("delivery_date", "date"),
    "warranty_end_date": ("warranty_end_date", "date"),
    "inspection_due_date": ("inspection_due_date", "date"),
    "sales_reference": ("sales_reference", "text"),
}
# Two lines at most come from one row: (type of the line, target of its name, target of its amount)
LINE_CELLS = (("work", "works", "amount_work"), ("part", "parts", "amount_part"))

_UTC = timezone.utc


def _split_names(text):
    """Split a cell with several names: 张三、李四 / Zhang San, Li Si."""
    return [name for name in re.split(r"\s*[,，、;；/|+&]\s*", text.strip()) if name]


def _like(text):
    """Escape a text for =ilike."""
    return re.sub(r"([\\%_])", r"\\\1", text)


class Entry:
    """A record as it stands and the values that the rows want it to have; ``record`` is empty for a new one."""

    __slots__ = ("changes", "lines", "model", "new", "record", "vals")

    def __init__(self, model, record, vals=None):
        self.model = model
        self.record = record
        self.new = not record
        self.vals = dict(vals or {})
        self.lines = {}
        self.changes = False

    def get(self, name):
        if name in self.vals:
            return self.vals[name]
        return self.record[name] if self.record else False

    def write_vals(self):
        return {name: value.record.id if isinstance(value, Entry) else value for name, value in self.vals.items()}


class Row:
    """One row of the file on its way: what was read, what was found wrong, what it changes."""

    __slots__ = ("cells", "changes", "errors", "notes", "number", "order", "partner", "raw", "vehicle")

    def __init__(self, number, raw):
        self.number = number
        self.raw = raw
        self.cells = {}
        self.errors = []
        self.notes = []
        self.changes = []
        self.order = self.vehicle = self.partner = None


class ImportPlanner:
    """Plans and writes the rows of one import.

    :param imp: the import, with the rights and in the language of the person
    :param write: whether to write what was planned
    """

    def __init__(self, imp, write):
        self.imp = imp
        self._ = imp.env._
        self.company = imp.company_id
        # Sudoed: an administrator of imports needs no rights of a service advisor; the uid, and with it
        # "created by", stays his, so that he can never verify a file that he imported.
        # A context of its own: a client's default_… keys must not reach the records.
        self.env = imp.env(
            context={
                "lang": imp.env.lang,
                "allowed_company_ids": self.company.ids,
                "tracking_disable": True,
                "mail_create_nosubscribe": True,
                "mail_create_nolog": True,
            },
            su=True,
        )
        self.write = write
        self.tz = self.company._aftersales_tz()
        self.now = fields.Datetime.now()
        self.words = imp.mapping_id._get_words()
        self.date_order = imp.mapping_id.date_order
        self.targets = {
            dms_values.fold(column.header): column.target for column in imp.mapping_id.column_ids if column.target
        }
        self.columns = {}
        self.width = 0
        # Order number -> (row, what the row said): a month's file repeats rows
        self.seen = {}
        # What the dry run would have created: the real run finds it in the database
        self.planned = {model: {} for model in MODELS}
        # Dry run only: records as they would stand after the rows so far
        self.known = {}
        self.counts = {}
        self.counted = set()

    # ------------------------------------------------------------
    # RUN
    # ------------------------------------------------------------

    def set_headers(self, headers):
        self.width = len(headers)
        for index, header in enumerate(headers):
            target = self.targets.get(dms_values.fold(header))
            if target and target not in self.columns:
                self.columns[target] = index

    def run(self, raw_rows):
        """Plan, and write when asked, a batch of rows.

        :param raw_rows: [(row number, list of texts)]
        :return: values of import lines, one for each row
        """
        seen = dict(self.seen)
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
            self.seen = seen
            if len(raw_rows) > 1:
                middle = len(raw_rows) // 2
                return self.run(raw_rows[:middle]) + self.run(raw_rows[middle:])
            row = Row(*raw_rows[0])
            self._read(row)
            row.changes = []
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
    # READ
    # ------------------------------------------------------------

    def _read(self, row):
        """Fill the cells of the row by target; empty cells say nothing."""
        for target, index in self.columns.items():
            text = row.raw[index] if index < len(row.raw) else ""
            if text and not dms_values.is_empty(text):
                row.cells[target] = text

    def _label(self, target):
        """Return the name of a column as the file writes it."""
        for column in self.imp.mapping_id.column_ids:
            if column.target == target:
                return column.header
        return target

    def _value(self, row, target, way, essential=False):
        """Return the value of a cell, or None when there is none; what cannot be read is noted or refused."""
        text = row.cells.get(target)
        if text is None:
            return None
        value = None
        if way == "text":
            value = text
        elif way == "upper":
            value = dms_values.half_width(text).strip().upper()
        elif way in ("datetime", "date"):
            moment = dms_values.parse_datetime(text, self.date_order)
            if moment and 1950 <= moment.year <= 2100:
                value = moment.date() if way == "date" else self._utc(moment)
        elif way == "number":
            value = dms_values.parse_number(text)
            value = round(value, 2) if value is not None else None
        elif way == "integer":
            number = dms_values.parse_number(text)
            if number is not None and 0 <= number < 10000000:
                value = int(number)
        elif way == "phone":
            value = dms_values.normalize_phone(text)
        elif way == "word":
            value = dms_values.parse_word(target, text, self.words.get(target))
        if value is None:
            self._complain(row, target, text, way, essential)
        return value

    def _complain(self, row, target, text, way, essential):
        column, shown = self._label(target), text[:60]
        if way in ("datetime", "date"):
            sentence = self._(
                "%(column)s: “%(text)s” is no date that can be read. Write it as 2026-03-05 14:30, or set how the "
                "source writes dates.",
                column=column,
                text=shown,
            )
        elif way == "word":
            sentence = self._(
                "%(column)s: nobody has told what “%(text)s” means. Add it to the words of the source.",
                column=column,
                text=shown,
            )
        elif way == "phone":
            sentence = self._("%(column)s: “%(text)s” is no phone number.", column=column, text=shown)
        else:
            sentence = self._("%(column)s: “%(text)s” is no number that is possible here.", column=column, text=shown)
        if essential:
            row.errors.append(sentence)
        else:
            row.notes.append(self._("%(reason)s The cell was left out.", reason=sentence))

    def _utc(self, moment):
        return moment.replace(tzinfo=self.tz).astimezone(_UTC).replace(tzinfo=None)

    # ------------------------------------------------------------
    # PLAN
    # ------------------------------------------------------------

    def _plan(self, raw_rows):
        rows = [Row(number, raw) for number, raw in raw_rows]
        for row in rows:
            self._check_shape(row)
            if not row.errors:
                self._read(row)
                self._check_keys(row)
        self._fetch([row for row in rows if not row.errors])
        for row in rows:
            if not row.errors and not self._is_repeated(row):
                self._plan_row(row)
        return rows

    def _check_shape(self, row):
        if len(row.raw) > self.width and any(row.raw[self.width :]):
            row.errors.append(
                self._(
                    "The row has %(found)s cells and the table has %(columns)s columns: probably a separator inside a "
                    "text without quotes.",
                    found=len(row.raw),
                    columns=self.width,
                )
            )
        elif any(len(text) > _MAX_CELL for text in row.raw):
            row.errors.append(
                self._("A cell of the row has more than %(limit)s characters. Shorten it.", limit=_MAX_CELL)
            )
        elif any("�" in text for text in row.raw):
            row.errors.append(
                self._("The row has characters that cannot be read: the file was damaged or mixes two encodings.")
            )

    def _check_keys(self, row):
        """Refuse what cannot be placed: no order number, no car, or a VIN that is none."""
        cells = row.cells
        if "order_name" in self.columns:
            if not cells.get("order_name"):
                row.errors.append(self._("The order number is missing."))
            elif len(cells["order_name"]) > 64:
                row.errors.append(self._("The order number is longer than 64 characters."))
            else:
                cells["order_name"] = dms_values.half_width(cells["order_name"]).strip()
        has_car_column = "vin" in self.columns or "license_plate" in self.columns
        vin = normalize_vin(cells.get("vin"))
        plate = normalize_plate(cells.get("license_plate"))
        if vin and vin_problem(vin):
            row.errors.append(self.env[VEHICLE].with_env(self.imp.env)._vin_problem_text(vin))
        if has_car_column and not vin and not plate:
            row.errors.append(self._("Neither VIN nor plate is given: the car cannot be told."))
        cells["vin"], cells["license_plate"] = vin, plate

    def _is_repeated(self, row):
        """Tell whether an earlier row has said the same; refuse a row that says otherwise."""
        name = row.cells.get("order_name")
        if not name:
            return False
        said = {target: row.cells.get(target) for target in self.columns}
        number, before = self.seen.setdefault(name, (row.number, said))
        if number == row.number:
            return False
        if before == said:
            row.notes.append(self._("The same as row %(number)s.", number=number))
            return True
        differing = [self._label(target) for target in said if said[target] != before[target]]
        row.errors.append(
            self._(
                "Row %(number)s has the same order number with another value in %(columns)s. Keep the right one.",
                number=number,
                columns=", ".join(differing),
            )
        )
        return True

    def _fetch(self, rows):
        """Load what the rows may name, with one query for each kind of record."""
        env, company = self.env, self.company
        own = Domain("company_id", "=", company.id)
        texts = {target: {row.cells[target] for row in rows if row.cells.get(target)} for target in self.columns}
        vins, plates = texts.get("vin", set()), texts.get("license_plate", set())
        vehicles = env[VEHICLE].search(
            own & (Domain("vin", "in", list(vins)) | Domain("license_plate", "in", list(plates)))
        )
        orders = env[ORDER].search(
            own & Domain("name", "in", list(texts.get("order_name", set()) | texts.get("comeback_of", set())))
        )
        vehicles |= orders.vehicle_id
        self.vehicle_by_vin, self.vehicle_by_plate = {}, {}
        for vehicle in vehicles.filtered("active"):
            self._index_vehicle(self._entry(vehicle))
        self.order_by_name = {order.name: self._entry(order) for order in orders}
        phones = {
            phone
            for target in ("partner_phone", "brought_by_phone")
            for phone in map(dms_values.normalize_phone, texts.get(target, ()))
            if phone
        }
        forms = [form for phone in phones for form in (phone, f"+86{phone}", f"+86 {phone}")]
        partners = env[PARTNER].search(
            Domain("company_id", "in", [False, company.id])
            & (Domain("phone", "in", forms) | Domain("phone_sanitized", "in", forms))
        )
        self.partners_by_phone = {}
        self.partner_entries = {}
        for partner in partners | vehicles.partner_id | vehicles.brought_by_id | orders.partner_id:
            self._index_partner(self._entry(partner))
        names = {
            dms_values.normalize_name(name)
            for target in ("advisor", "technicians")
            for text in texts.get(target, ())
            for name in _split_names(text)
        }
        self.users_by_name = {}
        for user in env["res.users"].search(
            [("name", "in", list(names)), ("company_ids", "in", company.ids), ("share", "=", False)]
        ):
            self.users_by_name.setdefault(user.name, []).append(user)
        self._fetch_models(texts)
        for model, index in (
            (VEHICLE, self._index_vehicle),
            (PARTNER, self._index_partner),
        ):
            for entry in self.planned[model].values():
                index(entry)
        self.order_by_name.update(self.planned[ORDER])

    def _fetch_models(self, texts):
        self.brands, self.models = {}, {}
        if not (texts.get("model") or texts.get("brand")):
            return
        for brand in self.env[BRAND].search([]):
            self.brands.setdefault(dms_values.fold(brand.name), Entry(BRAND, brand))
        wanted = {dms_values.normalize_name(text) for text in texts.get("model", ())}
        for model in self.env[MODEL].search(
            Domain.OR(Domain("name", "=ilike", _like(name)) for name in sorted(wanted))
        ):
            entry = Entry(MODEL, model)
            self.models.setdefault((dms_values.fold(model.brand_id.name), dms_values.fold(model.name)), entry)
            self.models.setdefault((None, dms_values.fold(model.name)), entry)
        self.brands.update(self.planned[BRAND])
        self.models.update(self.planned[MODEL])

    def _index_vehicle(self, entry):
        if entry.get("vin"):
            self.vehicle_by_vin.setdefault(entry.get("vin"), entry)
        if entry.get("license_plate"):
            self.vehicle_by_plate.setdefault(entry.get("license_plate"), entry)

    def _index_partner(self, entry):
        if entry.record:
            self.partner_entries[entry.record] = entry
        phone = dms_values.normalize_phone(entry.get("phone") or "")
        if phone:
            self.partners_by_phone.setdefault(phone, []).append(entry)

    def _entry(self, record):
        """Return the entry of a record; in a dry run with what earlier rows would have written."""
        if self.write:
            return Entry(record._name, record)
        return self.known.setdefault((record._name, record.id), Entry(record._name, record))

    def _new(self, model, vals, key=None):
        entry = Entry(model, self.env[model].browse(), vals)
        if not self.write:
            self.planned[model][key or len(self.planned[model])] = entry
        return entry

    def _set(self, row, entry, name, value, shown=None):
        """Give the field of a record a value, and put down old and new."""
        old = entry.get(name)
        if isinstance(old, Entry):
            same = old is value
        elif hasattr(old, "_name"):
            same = bool(old) and isinstance(value, Entry) and old == value.record
            same = same or (not isinstance(value, Entry) and old.ids == ([value] if value else []))
        else:
            same = old == value or (not old and not value and old is not True)
        if same:
            return False
        self._put(row, entry, name, old, value, shown)
        entry.vals[name] = value
        return True

    def _put(self, row, entry, name, old, value, shown=None):
        entry.changes = True
        row.changes.append(
            {
                "model": entry.model,
                "field": name,
                "old": "" if entry.new else self._shown(entry, name, old),
                "new": shown if shown is not None else self._shown(entry, name, value),
                "new_record": entry.new,
            }
        )

    def _shown(self, entry, name, value):
        if isinstance(value, Entry):
            return value.get("name") or value.get("license_plate") or value.get("vin") or ""
        if hasattr(value, "_name"):
            return ", ".join(value.mapped("display_name"))
        if value in (None, False, ""):
            return ""
        field = self.env[entry.model]._fields.get(name)
        if field is not None and field.type == "datetime":
            return str(value.replace(tzinfo=_UTC).astimezone(self.tz).replace(tzinfo=None))
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.imp.env)).get(value, value)
        return str(value)

    # ------------------------------------------------------------
    # PLAN: one row
    # ------------------------------------------------------------

    def _plan_row(self, row):
        order_name = row.cells.get("order_name")
        order = self.order_by_name.get(order_name) if order_name else None
        values = {}
        if order_name:
            values = {
                target: self._value(row, target, way, essential)
                for target, (_field, way, essential) in ORDER_CELLS.items()
            }
            self._check_order(row, order, values)
        if row.errors:
            return
        has_car = bool(row.cells["vin"] or row.cells["license_plate"])
        vehicle = self._find_vehicle(row)
        if order and has_car and not (vehicle and self._is_record_of(order, vehicle)):
            row.errors.append(
                self._(
                    "Order %(order)s is in the system with another car (%(vehicle)s). Correct the number or the car.",
                    order=order_name,
                    vehicle=self._shown(order, "vehicle_id", order.get("vehicle_id")),
                )
            )
            return
        row.vehicle, row.order = vehicle, order
        row.partner = self._plan_partner(row)
        if has_car:
            self._plan_vehicle(row)
        if order_name and row.vehicle is not None:
            self._plan_order(row, values)

    def _is_record_of(self, order, vehicle):
        current = order.get("vehicle_id")
        return current is vehicle or (not isinstance(current, Entry) and current == vehicle.record)

    def _check_order(self, row, order, values):
        date_in = values["date_in"] or (order.get("date_in") if order else None)
        date_out = values["date_out"] or (order.get("date_out") if order else None)
        if not date_in and not row.errors:
            row.errors.append(self._("The time when the car came in is missing."))
        if date_in and date_out and date_out < date_in:
            row.errors.append(self._("The car would be delivered before it came in. Correct one of the two times."))
        if values["date_out"] and values["date_out"] > fields.Datetime.add(self.now, days=1):
            row.errors.append(self._("The delivery time lies in the future."))

    def _find_vehicle(self, row):
        vin, plate = row.cells.get("vin"), row.cells.get("license_plate")
        entry = self.vehicle_by_vin.get(vin) if vin else None
        if entry is None and plate:
            entry = self.vehicle_by_plate.get(plate)
            if entry is not None and vin and entry.get("vin"):
                return None  # the plate of another car
        return entry

    def _is_locked(self, entry):
        return bool(entry.record) and entry.record.state != "draft"

    def _plan_vehicle(self, row):
        vin, plate = row.cells.get("vin"), row.cells.get("license_plate")
        holder = self.vehicle_by_plate.get(plate) if plate else None
        if holder is not None and holder is not row.vehicle:
            row.notes.append(
                self._(
                    "Plate %(plate)s is the current plate of the car with VIN %(vin)s. Clear it on that file first; "
                    "the plate was left out.",
                    plate=plate,
                    vin=holder.get("vin") or "–",
                )
            )
            plate = None
        if plate and plate_problem(plate, plate_type(plate)):
            row.notes.append(self._("The plate %(plate)s has an unusual form. Please check it.", plate=plate))
        if vin and check_digit_mandatory(vin) and not check_digit_ok(vin):
            row.notes.append(
                self._(
                    "The check digit of VIN %(vin)s is wrong (position 9 should be %(digit)s). Please check it.",
                    vin=vin,
                    digit=check_digit(vin),
                )
            )
        if row.vehicle is None:
            row.vehicle = self._new(VEHICLE, {"company_id": self.company.id}, ("vin", vin) if vin else ("plate", plate))
        entry = row.vehicle
        wanted = {"vin": vin, "license_plate": plate}
        for target, (name, way) in VEHICLE_CELLS.items():
            if target in self.columns:
                wanted[name] = self._value(row, target, way)
        wanted["model_id"] = self._plan_model(row)
        if row.partner is not None and not entry.get("partner_id"):
            wanted["partner_id"] = row.partner
        elif row.partner is not None and not self._is_same_partner(entry.get("partner_id"), row.partner):
            row.notes.append(
                self._(
                    "The file of the car names %(owner)s as owner. An import changes no owner: if the car was sold, "
                    "record the change of ownership on the file.",
                    owner=self._shown(entry, "partner_id", entry.get("partner_id")),
                )
            )
        for name, value in wanted.items():
            if value in (None, False):
                continue
            if self._is_locked(entry) and name in CARD_FIELDS:
                self._note_locked(row, entry, name, value)
            else:
                self._set(row, entry, name, value)
        self._index_vehicle(entry)
        brought_by = self._plan_brought_by(row)
        if brought_by is not None:
            self._set(row, entry, "brought_by_id", brought_by)

    def _note_locked(self, row, entry, name, value):
        old = entry.get(name)
        if old == value.record if isinstance(value, Entry) and hasattr(old, "_name") else old == value:
            return
        row.notes.append(
            self._(
                "%(field)s (%(old)s → %(new)s): the vehicle file is locked, the value needs a change request. The cell "
                "was left out.",
                field=self.env[VEHICLE]
                .with_env(self.imp.env)
                ._fields[name]
                .get_description(self.imp.env, ["string"])["string"],
                old=self._shown(entry, name, old) or "–",
                new=self._shown(entry, name, value),
            )
        )

    def _plan_model(self, row):
        name = dms_values.normalize_name(row.cells.get("model", ""))
        brand_name = dms_values.normalize_name(row.cells.get("brand", ""))
        if not name:
            return None
        brand_key = dms_values.fold(brand_name) or None
        found = self.models.get((brand_key, dms_values.fold(name)))
        if found is not None:
            return found
        if not brand_name:
            row.notes.append(
                self._(
                    "The model %(model)s is not in the catalogue, and without a brand it cannot be added. The cell was "
                    "left out.",
                    model=name,
                )
            )
            return None
        brand = self.brands.get(brand_key)
        if brand is None:
            brand = self.brands[brand_key] = self._new(BRAND, {"name": brand_name}, brand_key)
            self._put(row, brand, "name", False, brand_name)
        model = self._new(MODEL, {"name": name, "brand_id": brand}, (brand_key, dms_values.fold(name)))
        self._put(row, model, "name", False, name)
        self.models[brand_key, dms_values.fold(name)] = model
        self.models.setdefault((None, dms_values.fold(name)), model)
        return model

    def _is_same_partner(self, current, entry):
        return current is entry or (bool(entry.record) and current == entry.record)

    def _entry_of_partner(self, current):
        return current if isinstance(current, Entry) else self.partner_entries.get(current)

    def _plan_partner(self, row):
        """Return the customer of the row: by phone and name, else by name at the same car, else a new one."""
        if "partner_name" not in self.columns and "partner_phone" not in self.columns:
            return None
        name = dms_values.normalize_name(row.cells.get("partner_name", ""))
        phone = self._value(row, "partner_phone", "phone")
        if not name and not phone:
            if row.order is None or not row.order.get("partner_id"):
                row.notes.append(self._("The customer is missing: nobody can be called back."))
            return None
        entry = self._find_partner(row, name, phone)
        if entry is None:
            if not name:
                name = self._(
                    "Customer of %(car)s", car=row.cells.get("license_plate") or row.cells.get("vin") or phone
                )
                row.notes.append(self._("The customer's name is missing."))
            vals = {"company_id": self.company.id, "name": name}
            car = row.cells.get("vin") or row.cells.get("license_plate")
            entry = self._new(PARTNER, vals, (phone or car, name))
            self._put(row, entry, "name", False, name)
            if phone:
                self._set(row, entry, "phone", phone)
                self.partners_by_phone.setdefault(phone, []).append(entry)
        if not phone and not entry.get("phone"):
            row.notes.append(self._("The customer's phone is missing: a callback is not possible."))
        street = row.cells.get("partner_street")
        if street and (entry.new or not entry.get("street")):
            self._set(row, entry, "street", street)
        return entry

    def _find_partner(self, row, name, phone):
        same_phone = self.partners_by_phone.get(phone, []) if phone else []
        for entry in same_phone:
            if not name or dms_values.normalize_name(entry.get("name")) == name:
                return entry
        # The same name at the same car is the same person, with another phone or with none
        for document in (row.vehicle, row.order):
            current = document.get("partner_id") if document is not None else None
            entry = self._entry_of_partner(current) if current else None
            if entry is None or dms_values.normalize_name(entry.get("name")) != name:
                continue
            if phone and entry.get("phone") and row.vehicle is not None and self._is_locked(row.vehicle):
                row.notes.append(
                    self._(
                        "The phone differs from the one on the customer's card. The vehicle file is locked: ask the "
                        "customer and correct the card. The cell was left out."
                    )
                )
            elif phone:
                self._set(row, entry, "phone", phone)
                self.partners_by_phone.setdefault(phone, []).append(entry)
            return entry
        return None

    def _plan_brought_by(self, row):
        name = dms_values.normalize_name(row.cells.get("brought_by_name", ""))
        phone = self._value(row, "brought_by_phone", "phone")
        if not name:
            return None
        if row.partner is not None and name == dms_values.normalize_name(row.partner.get("name")):
            return row.partner
        for entry in self.partners_by_phone.get(phone, []) if phone else []:
            if dms_values.normalize_name(entry.get("name")) == name:
                return entry
        current = row.vehicle.get("brought_by_id")
        entry = self._entry_of_partner(current) if current else None
        if entry is not None and dms_values.normalize_name(entry.get("name")) == name:
            return entry
        entry = self._new(
            PARTNER, {"company_id": self.company.id, "name": name}, (phone or row.vehicle.get("vin"), name)
        )
        self._put(row, entry, "name", False, name)
        if phone:
            self._set(row, entry, "phone", phone)
            self.partners_by_phone.setdefault(phone, []).append(entry)
        return entry

    def _plan_order(self, row, values):
        entry = row.order
        if entry is None:
            entry = row.order = self._new(
                ORDER,
                {
                    "company_id": self.company.id,
                    "import_id": self.imp.id,
                    "advisor_id": False,
                    "vehicle_id": row.vehicle,
                },
                row.cells["order_name"],
            )
            self.order_by_name[row.cells["order_name"]] = entry
            self._set(row, entry, "name", row.cells["order_name"])
            if row.partner is None and row.vehicle.get("partner_id"):
                entry.vals["partner_id"] = row.vehicle.get("partner_id")
                if hasattr(entry.vals["partner_id"], "_name"):
                    entry.vals["partner_id"] = entry.vals["partner_id"].id
            if values["kind"] is None:
                values["kind"] = "other"
        elif entry.record and entry.record.state == "cancelled":
            row.notes.append(self._("The order is cancelled in the system; it stays so."))
        if row.partner is not None and (entry.new or not entry.get("partner_id")):
            self._set(row, entry, "partner_id", row.partner)
        elif row.partner is not None and not self._is_same_partner(entry.get("partner_id"), row.partner):
            row.notes.append(
                self._(
                    "The order is in the system with another customer (%(customer)s); it stays so.",
                    customer=self._shown(entry, "partner_id", entry.get("partner_id")),
                )
            )
        consent = values.pop("callback_consent")
        if consent and entry.get("callback_consent") == "no" and consent != "no":
            row.notes.append(self._("The customer declined callbacks in the system: an import never takes that back."))
        elif consent and not (consent == "not_asked" and entry.get("callback_consent")):
            values["callback_consent"] = consent
        for target, (name, _way, _essential) in ORDER_CELLS.items():
            value = values.get(target)
            if value is not None and target not in ("works", "parts", "amount_work", "amount_part", "amount_total"):
                self._set(row, entry, name, value)
        self._plan_staff(row, entry)
        self._plan_lines(row, entry, values)
        self._plan_comeback(row, entry)

    def _plan_staff(self, row, entry):
        name = dms_values.normalize_name(row.cells.get("advisor", ""))
        if name:
            users = self.users_by_name.get(name, [])
            if len(users) > 1:
                row.notes.append(self._("Several users are called %(name)s; the name is kept as text.", name=name))
            if len(users) == 1:
                self._set(row, entry, "advisor_id", users[0].id, shown=name)
            if entry.new:
                entry.vals["advisor_name"] = name
            else:
                self._set(row, entry, "advisor_name", name)
        names = [dms_values.normalize_name(text) for text in _split_names(row.cells.get("technicians", ""))]
        if names:
            users = [self.users_by_name[name][0] for name in names if len(self.users_by_name.get(name, ())) == 1]
            known = entry.record.technician_ids.ids if entry.record else []
            if set(known) != {user.id for user in users} and users:
                self._put(row, entry, "technician_ids", entry.get("technician_ids"), False, shown=", ".join(names))
                entry.vals["technician_ids"] = [Command.set([user.id for user in users])]
            self._set(row, entry, "technician_names", ", ".join(names))

    def _plan_lines(self, row, entry, values):
        """Turn the work and the parts of a row into a line each; totals without them stand for themselves."""
        commands = []
        for line_type, name_target, amount_target in LINE_CELLS:
            text, amount = values[name_target], values[amount_target]
            if text is None and not amount:
                continue
            line = (
                entry.record.line_ids.filtered(lambda line, kind=line_type: line.line_type == kind)
                if entry.record
                else self.env["aftersales.repair.order.line"]
            )
            if len(line) > 1:
                row.notes.append(
                    self._(
                        "%(column)s: the order has several lines in the system; they stay as they are.",
                        column=self._label(name_target),
                    )
                )
                continue
            wanted = {}
            if text is not None and line.name != text:
                wanted["name"] = text
            if amount is not None and round(line.price_unit * (line.quantity if line else 1.0), 2) != amount:
                wanted.update(price_unit=amount, quantity=1.0)
            if line and wanted:
                commands.append(Command.update(line.id, wanted))
                shown = " ".join(str(part) for part in (text, amount) if part is not None)
                self._put(row, entry, name_target, f"{line.name} {line.amount}", False, shown=shown)
            elif not line:
                default = self._("Work") if line_type == "work" else self._("Parts")
                commands.append(
                    Command.create({"line_type": line_type, "name": text or default, "price_unit": amount or 0.0})
                )
                shown = " ".join(str(part) for part in (text, amount) if part is not None)
                self._put(row, entry, name_target, "", False, shown=shown)
        if commands:
            entry.vals["line_ids"] = commands
        total = values["amount_total"]
        if total is not None and (entry.new or round(entry.record.amount_total, 2) != total):
            self._set(row, entry, "amount_total", total)

    def _plan_comeback(self, row, entry):
        name = dms_values.half_width(row.cells.get("comeback_of", "")).strip()
        if not name:
            return
        earlier = self.order_by_name.get(name)
        if earlier is None or earlier is entry:
            row.notes.append(
                self._("Comeback of %(order)s: that order is not in the system. The cell was left out.", order=name)
            )
            return
        same_car = self._is_record_of(earlier, row.vehicle)
        if not same_car or earlier.get("date_in") > entry.get("date_in"):
            row.notes.append(
                self._(
                    "Comeback of %(order)s: that order is of another car, or later. The cell was left out.", order=name
                )
            )
            return
        self._set(row, entry, "comeback_of_id", earlier)

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
