"""The rows of a workbook (XLSX), read as a stream from a file that nobody trusts. Knows files, no models.

Only the texts and numbers of the cells are read. Formulas give the value that was stored with them and are never reckoned;
nothing that the workbook points to (other workbooks, data connections, pictures, embedded objects) is opened.
"""

import re
import zipfile
import zlib

from .dms_cell import HEADER_SEARCH_ROWS, MAX_CELL, MAX_COLUMNS, DmsFileError, cell_text
from .dms_texts import SharedTexts

# Rows that a sheet can have
MAX_SHEET_ROWS = 1_048_576
# A sheet shrinks to a tenth; what shrinks to a hundredth and is large is a bomb
MAX_UNPACKED = 400 * 1024 * 1024
MAX_UNPACKED_SHEET = 4 * 1024 * 1024 * 1024
MAX_SHRINKING = 100
# Parts that stand in memory as a whole (styles, names of the sheets)
MAX_PART = 16 * 1024 * 1024
# What stands in a sheet between the end of one row and the end of the next
MAX_ROW_BYTES = 16 * 1024 * 1024
MAX_PARTS = 10_000
# Of a part, what is looked at before it is read
_HEAD = 65536
_SHEET_DATA = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}sheetData"
_ROW = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}row"
_FORMULA = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}f"
_MACROS = re.compile(r"(?:^|/)vbaProject\.bin$|^xl/(?:macrosheets|dialogsheets)/", re.IGNORECASE)
# Parts of a workbook that are not opened: code -> their names
_LEFT_OUT = {
    "links": re.compile(r"^xl/externalLinks/", re.IGNORECASE),
    "connections": re.compile(r"^xl/(?:connections\.xml|queryTables/|model/)", re.IGNORECASE),
    "objects": re.compile(r"^xl/(?:embeddings|activeX)/", re.IGNORECASE),
}
_PICTURE_ELSEWHERE = re.compile(rb'/image"[^>]*TargetMode="External"|TargetMode="External"[^>]*/image"')
_ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)


class Workbook:
    """A workbook whose cells are read, and nothing else.

    :param file: binary and seekable
    :raises DmsFileError: when it cannot, or should not, be opened
    """

    def __init__(self, file):
        self.file = file
        #: Codes of what the workbook holds besides its cells, and what was not opened:
        #: ``links``, ``connections``, ``objects``, ``pictures``
        self.left_out = []
        self._check_parts()

    def _check_parts(self):
        """Judge the list of parts before any of them is opened."""
        try:
            archive = zipfile.ZipFile(self.file)
        except zipfile.BadZipFile as error:
            raise DmsFileError("broken") from error
        with archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            if "xl/workbook.xml" not in names:
                raise DmsFileError("format")
            if any(map(_MACROS.search, names)):
                raise DmsFileError("macro")
            unpacked = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if (
                len(parts) > MAX_PARTS
                or unpacked > MAX_UNPACKED_SHEET
                or (unpacked > MAX_UNPACKED and unpacked / packed > MAX_SHRINKING)
            ):
                raise DmsFileError("bomb")
            self.left_out = [code for code, pattern in _LEFT_OUT.items() if any(map(pattern.search, names))]
            try:
                for name in names:
                    if name.endswith((".xml", ".rels")) and not name.startswith("customXml/"):
                        with archive.open(name) as part:
                            check_prolog(part.read(_HEAD))
                pictures = [part for part in parts if "drawings/_rels/" in part.filename]
                if any(part.file_size > MAX_PART for part in pictures):
                    raise DmsFileError("bomb")
                if any(_PICTURE_ELSEWHERE.search(archive.read(part)) for part in pictures):
                    self.left_out.append("pictures")
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
                raise DmsFileError("broken") from error

    def rows(self, max_rows):
        """Yield (row number as the sheet counts, list of texts) of the first visible sheet that holds any."""
        reader = None
        try:
            reader = _make_reader(self.file)
            reader.read()
            book = reader.wb
            for sheet in book.worksheets:
                if sheet.sheet_state != "visible":
                    continue
                found = False
                for number, values in self._sheet_rows(book, sheet, max_rows):
                    found = True
                    yield number, values
                if found:
                    return
        except DmsFileError:
            raise
        except Exception as error:
            raise DmsFileError("broken") from error
        finally:
            if reader:
                reader.archive.close()
                if isinstance(reader.shared_strings, SharedTexts):
                    reader.shared_strings.close()

    def _sheet_rows(self, book, sheet, max_rows):
        count, before = 0, 0
        # Not by iter_rows: it makes up every row that a sheet leaves out, and a hostile one leaves out a billion
        for number, cells in _read_sheet(book, sheet):
            if number > MAX_SHEET_ROWS or number <= before:
                raise DmsFileError("broken")
            before = number
            values = [""] * min(max((cell["column"] for cell in cells), default=0), MAX_COLUMNS)
            for cell in cells:
                if cell["column"] <= MAX_COLUMNS:
                    values[cell["column"] - 1] = cell_text(cell["value"])[: MAX_CELL + 1]
            while values and not values[-1]:
                values.pop()
            if not values:
                continue
            count += 1
            if count > max_rows + HEADER_SEARCH_ROWS:
                raise DmsFileError("rows", limit=max_rows)
            yield number, values


def _make_reader(file):
    """Return openpyxl's reader of a workbook, with shared texts on disk and every part looked at before it is read."""
    from openpyxl.reader.excel import SHARED_STRINGS, ExcelReader  # heavy: only when a workbook is read

    class Reader(ExcelReader):
        def read_strings(self):
            part = self.package.find(SHARED_STRINGS)
            if part is not None:
                with self.archive.open(part.PartName[1:]) as source:
                    self.shared_strings = SharedTexts(source)

    reader = Reader(file, read_only=True, data_only=True, keep_links=False)
    reader.archive.close()
    reader.archive = _Archive(file)
    return reader


class _Archive(zipfile.ZipFile):
    """An archive of which every part that is opened is looked at first, and none is larger than what it is for."""

    def read(self, name, pwd=None):
        if self.getinfo(getattr(name, "filename", name)).file_size > MAX_PART:
            raise DmsFileError("bomb")
        return super().read(name, pwd)

    def open(self, name, mode="r", pwd=None, **options):
        part = super().open(name, mode, pwd, **options)
        check_prolog(part.read(_HEAD))
        part.seek(0)
        return _Meter(part, MAX_PART)


class _Meter:
    """A stream that ends with an error when too much was read from it since the last `reset`."""

    def __init__(self, source, limit):
        self.source, self.limit, self.read_bytes = source, limit, 0

    def read(self, size=-1):  # pylint: disable=method-required-super
        block = self.source.read(size if size and size > 0 else self.limit + 1 - self.read_bytes)
        self.read_bytes += len(block)
        if self.read_bytes > self.limit:
            raise DmsFileError("bomb")
        return block

    def reset(self):
        self.read_bytes = 0

    def close(self):
        self.source.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()


def check_prolog(head):
    """Refuse XML that defines entities, or hides what it begins with in another encoding or behind a long comment.

    :param bytes head: the first bytes of the part
    """
    head = _ASIDE.sub(b"", head.removeprefix(b"\xef\xbb\xbf")).lstrip()
    if not re.match(rb"<[A-Za-z_]", head) or b"\0" in head[:64]:
        raise DmsFileError("entity" if head else "broken")


def _read_sheet(book, sheet):
    """Yield (number, cells) of each row that stands in the sheet; what stands before and after the rows is left alone."""
    from openpyxl.worksheet._reader import WorkSheetParser
    from openpyxl.xml.functions import iterparse

    class Parser(WorkSheetParser):
        def parse_cell(self, element):
            cell = super().parse_cell(element)
            formula = element.find(_FORMULA) if cell["value"] is None else None
            if formula is not None and formula.text:
                # No value was stored with it: the formula is a text like any other
                cell["value"] = f"={formula.text}"
            return cell

    with sheet._get_source() as source:
        source.limit = MAX_ROW_BYTES
        parser = Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        table = None
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                if element.tag == _SHEET_DATA:
                    table = element
            elif element.tag == _ROW and table is not None:
                row = parser.parse_row(element)
                # Neither the rows nor their heights gather in memory
                table.clear()
                parser.row_dimensions.clear()
                source.reset()
                yield row
            elif element.tag == _SHEET_DATA:
                return
