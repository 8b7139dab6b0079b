"""What one row of a file says: its shape, its cells as values, whether an earlier row said it. Knows no models.

What is wrong is told as a code with its details; the caller words the sentence.
"""

import datetime

from . import dms_values
from .dms_cell import MAX_CELL
from .plate import normalize_plate
from .vin import normalize_vin, vin_problem

MAX_ORDER_NUMBER = 64
# Seven digits, as the odometer of a vehicle file
_MAX_INTEGER = 10**7
# What a spreadsheet shows where a formula came to nothing; "#N/A" is an empty cell
_FAULTS = {"#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
# What stands for a character that could not be decoded
_UNREADABLE = "�"


class Row:
    """One row of the file on its way: what was read, what was found wrong, what it changes."""

    __slots__ = (
        *(
            "brought_by",
            "catalogue",
            "cells",
            "changes",
            "errors",
            "kept",
            "made",
            "notes",
            "number",
            "order",
            "partner",
        ),
        *("raw", "vehicle"),
    )

    def __init__(self, number, raw):
        self.number = number
        self.raw = raw
        self.cells = {}
        self.errors = []
        self.notes = []
        self.changes = []
        # Values of the system that are younger than the file, and stay
        self.kept = {}
        self.order = self.vehicle = self.partner = self.brought_by = None
        # Whether the row makes a record; the makes and models among them
        self.made = False
        self.catalogue = []


class RowReader:
    """Reads the rows of one source.

    :param headers: the names of the columns as the file has them
    :param targets: {folded header: what the column goes to}
    :param words: {kind of word: {folded word: value}} that the source uses besides the common ones
    :param date_order: how dates are written that do not begin with the year (see `dms_values.parse_datetime`)
    :param tz: the time zone of the store
    :param decimal: what stands before the decimals: "point" or "comma"
    """

    def __init__(self, headers, targets, words, date_order, tz, decimal="point"):
        self.width = len(headers)
        self.words = words
        self.date_order = date_order
        self.tz = tz
        self.decimal = decimal
        self.columns = {}
        for index, header in enumerate(headers):
            target = targets.get(dms_values.fold(header))
            if target and target not in self.columns:
                self.columns[target] = index

    def shape_problem(self, row):
        """Say why the row is no row of this table: None, or ``('width', 13)``, ``('long', 20000)``, ``('damaged', None)``."""
        if len(row.raw) > self.width and any(row.raw[self.width :]):
            return "width", len(row.raw)
        whole = "".join(row.raw)
        if len(whole) > MAX_CELL and any(len(text) > MAX_CELL for text in row.raw):
            return "long", MAX_CELL
        if _UNREADABLE in whole:
            return "damaged", None
        return None

    def fill(self, row):
        """Fill the cells of the row by target; empty cells and the faults of formulas say nothing.

        :return: targets of the cells that show a fault
        """
        faults = []
        for target, index in self.columns.items():
            text = row.raw[index] if index < len(row.raw) else ""
            if text[:1] == "#" and text in _FAULTS:
                faults.append(target)
            elif text and (len(text) > dms_values.EMPTY_LENGTH or not dms_values.is_empty(text)):
                row.cells[target] = text
        return faults

    def normalize_keys(self, row):
        """Bring what finds the records into the form in which it is compared.

        :return: codes and details of what cannot be placed: no order number, no car, or a VIN that is none
        """
        cells, problems = row.cells, []
        if "order_name" in self.columns:
            number = cells.get("order_name")
            if not number:
                problems.append(("order_missing", None))
            elif len(number) > MAX_ORDER_NUMBER:
                problems.append(("order_long", MAX_ORDER_NUMBER))
            else:
                cells["order_name"] = dms_values.half_width(number).strip()
        vin, plate = normalize_vin(cells.get("vin")), normalize_plate(cells.get("license_plate"))
        if vin and vin_problem(vin):
            problems.append(("vin", vin))
        if not vin and not plate and ("vin" in self.columns or "license_plate" in self.columns):
            problems.append(("car_missing", None))
        cells["vin"], cells["license_plate"] = vin, plate
        return problems

    def said(self, row):
        """Return what the row says, by target, in a form that can be compared."""
        return {target: row.cells.get(target) for target in self.columns}

    def value(self, target, text, way):
        """Return the value of a text, or None when it cannot be read in this way."""
        return getattr(self, f"_read_{way}")(target, text)

    def _read_text(self, _target, text):
        return text

    def _read_upper(self, _target, text):
        return dms_values.half_width(text).strip().upper()

    def _read_datetime(self, _target, text):
        """Return a moment of the store's clock as a naive one in UTC."""
        moment = self._moment(text)
        return moment and moment.replace(tzinfo=self.tz).astimezone(datetime.timezone.utc).replace(tzinfo=None)

    def _read_date(self, _target, text):
        moment = self._moment(text)
        return moment and moment.date()

    def _moment(self, text):
        moment = dms_values.parse_datetime(text, self.date_order)
        return moment if moment and 1950 <= moment.year <= 2100 else None

    def _read_number(self, _target, text):
        value = dms_values.parse_number(text, self.decimal)
        return None if value is None else round(value, 2)

    def _read_integer(self, _target, text):
        value = dms_values.parse_number(text, self.decimal)
        return int(value) if value is not None and 0 <= value < _MAX_INTEGER else None

    def _read_phone(self, _target, text):
        return dms_values.normalize_phone(text)

    def _read_word(self, target, text):
        return dms_values.parse_word(target, text, self.words.get(target))


class SaidRows:
    """What the rows so far have said of each order: a month's file repeats rows."""

    def __init__(self):
        self._by_key = {}

    def snapshot(self):
        other = SaidRows()
        other._by_key = dict(self._by_key)
        return other

    def knows(self, key):
        return key in self._by_key

    def forget(self, key, number):
        """Take back what the row of this number has said."""
        if self._by_key.get(key, (None,))[0] == number:
            del self._by_key[key]

    def compare(self, key, number, said):
        """Put down what a row says, and compare it with an earlier row of the same key.

        :return: None for the first one, else (number of the earlier row, targets in which they differ)
        """
        earlier, before = self._by_key.setdefault(key, (number, said))
        if earlier == number:
            return None
        return earlier, [target for target in said if said[target] != before[target]]
