import base64
import hashlib
import io
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import dms_file, dms_table, dms_values
from ..tools.dms_row import RowReader
from ..tools.export_mark import is_export_mark
from ..tools.time_limit import make_time_check

# Rows of the file that are looked at for the header and the sample values
_HEAD_ROWS = dms_file.HEADER_SEARCH_ROWS + 20
_NAME_DATE = re.compile(r"(?<!\d)(20\d\d)[-_.年]?(0[1-9]|1[0-2])[-_.月]?(0[1-9]|[12]\d|3[01])(?!\d)")


class AftersalesImportFileMixin(models.AbstractModel):
    """The file of an import: opened as a stream, its columns found, its rows read, the refused ones written."""

    _name = "aftersales.import.file.mixin"
    _description = "DMS Import: File"
    _inherit = ["aftersales.protected.mixin"]
    _protected_fields = frozenset({"table_file", "left_out"})

    table_file = fields.Binary(
        "Table as Read", attachment=True, readonly=True, copy=False, help="The rows of a sheet, as CSV."
    )

    left_out = fields.Json(readonly=True, copy=False, help="What the workbook holds besides its cells.")
    left_out_text = fields.Char("Not Opened", compute="_compute_left_out_text")

    @api.depends("left_out")
    @api.depends_context("lang")
    def _compute_left_out_text(self):
        names = {
            "links": self.env._("links to other workbooks"),
            "connections": self.env._("data connections"),
            "objects": self.env._("embedded objects"),
            "pictures": self.env._("pictures that lie elsewhere"),
        }
        for record in self:
            record.left_out_text = ", ".join(names[code] for code in record.left_out or ())

    # ------------------------------------------------------------
    # OPEN
    # ------------------------------------------------------------

    def _get_attachment(self, name):
        return (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_field", "=", name), ("res_id", "=", self.id)], limit=1)
        )

    @contextmanager
    def _open_file(self):
        """Open the file as a stream from the file store; it is never in memory as a whole."""
        self.ensure_one()
        attachment = self._get_attachment("file")
        if not attachment:
            raise UserError(self.env._("%(name)s has no file yet. Drop a CSV or XLSX file first.", name=self.name))
        if self.origin != "folder":
            limit = self.company_id.aftersales_import_max_mb
            if attachment.file_size > limit * 1024 * 1024:
                raise UserError(self.env._("The file is larger than %(limit)s MB. Split it.", limit=limit))
        with self._open_attachment(attachment) as file:
            yield file

    @contextmanager
    def _open_attachment(self, attachment):
        path = attachment.store_fname and attachment._full_path(attachment.store_fname)
        with open(path, "rb") if path else io.BytesIO(attachment.raw or b"") as file:
            yield file

    @contextmanager
    def _open_reader(self):
        """Open the rows of the file, whatever its form.

        :raises UserError: with the sentence for a file that cannot be read
        """
        limit = self.company_id.aftersales_import_max_rows
        try:
            with self._open_file() as file:
                table = self.file_type == "xlsx" and self._get_attachment("table_file")
                if table:
                    with self._open_attachment(table) as copy, dms_file.DmsReader(copy, limit, numbered=True) as reader:
                        yield reader
                else:
                    with dms_file.DmsReader(file, limit, is_over=make_time_check()) as reader:
                        yield reader
        except dms_file.DmsFileError as error:
            raise UserError(self._file_error(error)) from error

    def _store_file(self, name, file_name, source):
        """Store a stream as the file of a binary field, in blocks.

        :param source: binary and at its beginning
        """
        Attachment = self.env["ir.attachment"].sudo()
        self._get_attachment(name).unlink()
        values = {"name": file_name, "res_model": self._name, "res_field": name, "res_id": self.id, "type": "binary"}
        if Attachment._storage() != "file":
            return Attachment.create({**values, "raw": source.read()})
        digest, size = hashlib.sha1(), 0
        with tempfile.NamedTemporaryFile(delete=False) as target:
            while block := source.read(1024 * 1024):
                digest.update(block)
                size += len(block)
                target.write(block)
        try:
            fname = f"{digest.hexdigest()[:2]}/{digest.hexdigest()}"
            path = Attachment._full_path(fname)
            # Whoever stores a file takes it off the list of the collector by the attachment that names it
            Attachment._mark_for_gc(fname)
            if not os.path.exists(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                # Beside its place first: a killed copy never stands there under the name of the whole
                part = f"{path}.part{os.getpid()}"
                shutil.copyfile(target.name, part)
                os.replace(part, path)
        finally:
            os.unlink(target.name)
        attachment = Attachment.create({**values, "raw": b""})
        self.env.cr.execute(
            "UPDATE ir_attachment SET store_fname = %s, checksum = %s, file_size = %s, mimetype = %s WHERE id = %s",
            (fname, digest.hexdigest(), size, "text/csv" if file_name.endswith("csv") else "application/octet-stream",
             attachment.id),
        )  # fmt: skip
        attachment.invalidate_recordset()
        self.invalidate_recordset([name])
        return attachment

    def _file_error(self, error):
        """Return the sentence for a fault of the whole file."""
        details = error.details
        sentences = {
            "empty": self.env._("The file is empty. Export it again."),
            "format": self.env._("This is neither a CSV nor an XLSX file. Export it again in one of these forms."),
            "old_excel": self.env._(
                "This is an old Excel file (.xls), or one with a password. Save it as .xlsx without password, or as CSV, and "
                "drop it again."
            ),
            "macro": self.env._("The file contains macros. Save it as .xlsx without macros and drop it again."),
            "bomb": self.env._("The file would unpack to an impossible size and was not opened."),
            "entity": self.env._(
                "The file contains definitions that no spreadsheet program writes, and was not opened."
            ),
            "broken": self.env._("The file is damaged or cut off: it cannot be opened. Export it again."),
            "encoding": self.env._(
                "Line %(line)s cannot be read as UTF-8 or GB18030. Export the file again in one of these encodings.",
                line=details.get("line"),
            ),
            "csv": self.env._(
                "Line %(line)s cannot be split into cells: a quotation mark is probably never closed.",
                line=details.get("line"),
            ),
            "slow": self.env._(
                "Reading the workbook takes longer than the server may work at a time. Save it as CSV and drop that, or have "
                "the system administrator give the server more time (limit_time_real, limit_time_cpu)."
            ),
            "rows": self.env._("The file has more than %(limit)s rows. Split it.", limit=details.get("limit")),
            "header": self.env._(
                "No line of the file looks like the names of columns. The first line must name them, for instance "
                "“订单号” or “Order number”."
            ),
        }
        return sentences[error.code]

    # ------------------------------------------------------------
    # COLUMNS
    # ------------------------------------------------------------

    def _do_read_file(self, guess=True):
        """Read the names of the columns, and find or make the source.

        :param guess: whether columns that are new to the source go where their names say
        """
        self.ensure_one()
        with self._open_reader() as reader:
            head = [(number, cells) for number, cells, _position in islice(reader.rows(), _HEAD_ROWS)]
            position = dms_table.find_header([cells for _number, cells in head])
            self._keep_table(reader)
            form, encoding, left_out = reader.form, reader.encoding, reader.left_out
        header_row, headers = head[position]
        headers = dms_table.name_headers(headers, lambda number: self.env._("Column %(number)s", number=number))
        with self._open_file() as file:
            checksum = dms_file.checksum(file)
        self._write_protected(
            {
                "state": "mapped",
                "file_type": form,
                "encoding": encoding,
                "checksum": checksum,
                "headers": headers,
                "header_row": header_row,
                "left_out": left_out or False,
            }
        )
        samples = dms_table.sample_values([cells for _number, cells in head[position + 1 :]], len(headers))
        self._match_source(samples, guess)

    def _keep_table(self, reader):
        """Keep the rows of a sheet beside the sheet: whoever goes on in the middle need not read it from the start."""
        if reader.form == "xlsx":
            with reader.table() as file:
                self._store_file("table_file", f"{self.name}.csv", file)

    def _get_reading(self):
        """Return how the rows are read: as the source says now, or as it said when the import began to write."""
        if self.mapping_copy and self.state != "draft":
            return self.mapping_copy
        return self.mapping_id._get_reading()

    def _get_phone_headers(self):
        """Return the names of the columns that hold phones: read as such, or named so."""
        if not self.headers:
            return set()
        read = {
            header: target for header, target in (self._get_reading()["columns"] if self.mapping_id else ()) if target
        }
        return {
            header
            for header in self.headers
            if (read.get(header) or dms_values.guess_target(header) or "").endswith("_phone")
        }

    def _get_row_reader(self):
        """Return the reader of the rows, by the columns and words of the source."""
        reading = self._get_reading()
        return RowReader(
            self.headers,
            targets={dms_values.fold(header): target for header, target in reading["columns"] if target},
            words=reading["words"],
            date_order=reading["date_order"],
            tz=self.company_id._aftersales_tz(),
            decimal=reading.get("decimal", "point"),
        )

    # ------------------------------------------------------------
    # ROWS
    # ------------------------------------------------------------

    def _is_data(self, number, values):
        """Tell whether the row is under the header, no line of totals and not the mark of an export of ours."""
        return number > self.header_row and not dms_values.is_footer(values) and not is_export_mark(values)

    def _survey(self, reader):
        """Go through the rows once before anything is written: what breaks a file in its middle shows up here.

        :return: (number of rows, the moment of the data)
        """
        row_reader = self._get_row_reader()
        columns = [row_reader.columns[name] for name in ("date_in", "date_out") if name in row_reader.columns]
        count, latest, now = 0, None, fields.Datetime.now()
        moments = {}
        for number, values, _position in reader.rows():
            if not self._is_data(number, values):
                if is_export_mark(values):
                    self._tell_export_mark(number)
                continue
            count += 1
            for index in columns:
                text = values[index] if index < len(values) else ""
                if not text or text in moments:
                    continue
                moment = row_reader.value("date_in", text, "datetime")
                if len(moments) < 5_000:
                    moments[text] = None
                if moment and moment <= now and (latest is None or moment > latest):
                    latest = moment
        return count, self._date_of_name() or latest or now

    def _tell_export_mark(self, number):
        self._message_log(
            body=self.env._(
                "Row %(number)s only says who exported this file from here, and when: it is no data and was left out.",
                number=number,
            )
        )

    def _date_of_name(self):
        """Return the end of the day that stands in the name of the file; None when there is none, or one to come."""
        match = _NAME_DATE.search(self.file_name or "")
        if not match:
            return None
        try:
            day = datetime(*map(int, match.groups()))
        except ValueError:
            return None
        end = self.company_id._aftersales_day_start((day + timedelta(days=1)).date())
        return min(end, fields.Datetime.now()) if day <= fields.Datetime.now() + timedelta(days=1) else None

    # ------------------------------------------------------------
    # REFUSED ROWS
    # ------------------------------------------------------------

    def _prepare_refused_values(self):
        """Return the file of the refused rows, in the form and encoding of the one that was dropped."""
        if not self.count_refused:
            return {"refused_file": False, "refused_file_name": False}
        self.env.cr.execute(
            "SELECT raw, reason FROM aftersales_import_line WHERE import_id = %s AND result = 'refused'"
            " ORDER BY row_number",
            [self.id],
        )
        headers, rows = dms_table.refused_table(self.headers, self.env.cr.fetchall(), self.env._("Refused because"))
        encoding = "gb18030" if self.encoding == "gb18030" else "utf-8-sig"
        content = dms_file.write_rows(headers, rows, self.file_type, encoding)
        stem = (self.file_name or self.name).replace("/", "-").rsplit(".", 1)[0]
        return {
            "refused_file": base64.b64encode(content),
            "refused_file_name": self.env._("%(file)s - refused", file=stem) + f".{self.file_type}",
        }
