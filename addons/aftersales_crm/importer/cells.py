"""What a row says, in values, or in sentences about what is wrong with it."""

from ..tools import dms_values
from ..tools.dms_row import Row, SaidRows
from .ledger import VEHICLE


class Cells:
    """Reads the rows of an import by the columns and words of its source, and tells the row what could not be read."""

    def __init__(self, imp):
        self.imp = imp
        self._ = imp.env._
        self._headers = {target: header for header, target in imp._get_reading()["columns"]}
        self.reader = imp._get_row_reader()
        self.columns = self.reader.columns
        self.said = SaidRows()

    def label(self, target):
        """Return the name of a column as the file writes it."""
        return self._headers.get(target, target)

    def read_row(self, row):
        """Fill the cells of the row; refuse what is no row of this table or what cannot be placed."""
        problem = self.reader.shape_problem(row)
        if problem:
            row.errors.append(self._problem_text(*problem))
            return
        for target in self.reader.fill(row):
            row.notes.append(
                self._(
                    "%(column)s: the cell shows a fault of a formula (%(text)s). The cell was left out.",
                    column=self.label(target),
                    text=row.raw[self.columns[target]],
                )
            )
        for code, detail in self.reader.normalize_keys(row):
            row.errors.append(self._problem_text(code, detail))

    def _problem_text(self, code, detail):
        match code:
            case "width":
                return self._(
                    "The row has %(found)s cells and the table has %(columns)s columns: probably a separator inside a "
                    "text without quotes.",
                    found=detail,
                    columns=self.reader.width,
                )
            case "long":
                return self._("A cell of the row has more than %(limit)s characters. Shorten it.", limit=detail)
            case "damaged":
                return self._(
                    "The row has characters that cannot be read: the file was damaged or mixes two encodings."
                )
            case "order_missing":
                return self._("The order number is missing.")
            case "order_long":
                return self._("The order number is longer than 64 characters.")
            case "vin":
                return self.imp.env[VEHICLE]._vin_problem_text(detail)
            case "car_missing":
                return self._("Neither VIN nor plate is given: the car cannot be told.")
        raise KeyError(code)

    def load_said(self, rows):
        """Take in what earlier batches of the import have said of the orders of these rows, from its lines."""
        names = [row.cells["order_name"] for row in rows if row.cells.get("order_name")]
        names = [name for name in names if not self.said.knows(name)]
        if not names:
            return
        self.imp.env.cr.execute(
            "SELECT DISTINCT ON (order_number) order_number, row_number, raw FROM aftersales_import_line"
            " WHERE import_id = %s AND order_number = ANY(%s) AND result != 'refused' ORDER BY order_number, row_number",
            (self.imp.id, names),
        )
        for name, number, raw in self.imp.env.cr.fetchall():
            earlier = Row(number, raw)
            self.reader.fill(earlier)
            self.reader.normalize_keys(earlier)
            self.said.compare(name, number, self.reader.said(earlier))

    def forget(self, row):
        """A row that was refused has said nothing."""
        self.said.forget(row.cells.get("order_name"), row.number)

    def peek(self, row, target, way):
        """Return the value of a cell without a remark when there is none."""
        text = row.cells.get(target)
        return self.reader.value(target, text, way) if text is not None else None

    def is_repeated(self, row):
        """Tell whether an earlier row has said the same; refuse a row that says otherwise."""
        name = row.cells.get("order_name")
        found = self.said.compare(name, row.number, self.reader.said(row)) if name else None
        if not found:
            return False
        number, differing = found
        if differing:
            row.errors.append(
                self._(
                    "Row %(number)s has the same order number with another value in %(columns)s. Keep the right one.",
                    number=number,
                    columns=", ".join(map(self.label, differing)),
                )
            )
        else:
            row.notes.append(self._("The same as row %(number)s.", number=number))
        return True

    def name(self, row, target):
        """Return the name in a cell in the form in which names are compared; empty when there is none."""
        return dms_values.normalize_name(row.cells.get(target, ""))

    def value(self, row, target, way, essential=False):
        """Return the value of a cell, or None when there is none; what cannot be read is noted or refused."""
        text = row.cells.get(target)
        if text is None:
            return None
        value = self.reader.value(target, text, way)
        if value is None:
            sentence = self._unreadable_text(target, text, way)
            if essential:
                row.errors.append(sentence)
            else:
                row.notes.append(self._("%(reason)s The cell was left out.", reason=sentence))
        return value

    def _unreadable_text(self, target, text, way):
        column, shown = self.label(target), text[:60]
        if way in ("datetime", "date"):
            return self._(
                "%(column)s: “%(text)s” is no date that can be read. Write it as 2026-03-05 14:30, or set how the "
                "source writes dates.",
                column=column,
                text=shown,
            )
        if way == "word":
            return self._(
                "%(column)s: nobody has told what “%(text)s” means. Add it to the words of the source.",
                column=column,
                text=shown,
            )
        if way == "phone":
            return self._("%(column)s: “%(text)s” is no phone number.", column=column, text=shown)
        return self._("%(column)s: “%(text)s” is no number that is possible here.", column=column, text=shown)
