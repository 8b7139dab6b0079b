"""What a row says, in values, or in sentences about what is wrong with it."""

from ..tools import dms_values
from ..tools.dms_row import RowReader, SaidRows
from .ledger import VEHICLE


class Cells:
    """Reads the rows of an import by the columns and words of its source, and tells the row what could not be read."""

    def __init__(self, imp):
        self.imp = imp
        self._ = imp.env._
        mapping = imp.mapping_id
        columns = mapping.column_ids.filtered("target")
        self._headers = {column.target: column.header for column in columns}
        self.reader = RowReader(
            imp.headers,
            targets={dms_values.fold(column.header): column.target for column in columns},
            words=mapping._get_words(),
            date_order=mapping.date_order,
            tz=imp.company_id._aftersales_tz(),
        )
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
        self.reader.fill(row)
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
