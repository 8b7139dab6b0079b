"""Reading and writing the files of dealer management systems. Knows files, no models.

Every fault is raised as :class:`DmsFileError` with a code and its details; the caller words the sentence.
"""

import codecs
import csv
import hashlib
import io
import re
import tempfile
from contextlib import ExitStack, contextmanager
from itertools import chain

from .dms_cell import CONTROL, FORMULA, HEADER_SEARCH_ROWS, MAX_CELL, DmsFileError, plain_texts
from .dms_sheet import Workbook

# A line of a CSV file is cut here, which refuses its row; no line may be longer than the second limit
MAX_LINE = 100_000
MAX_LINE_READ = 32 * 1024 * 1024
DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 1024 * 1024
# Chinese characters as UTF-8 writes them
_CJK_UTF8 = re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}")


def checksum(file):
    """Return the SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    file.seek(0)
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def file_format(content):
    """Tell the format from the first bytes of the content; the name of a file proves nothing."""
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise DmsFileError("empty")
    if content[:4] == b"PK\x03\x04":
        return "xlsx"
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise DmsFileError("old_excel")
    if content[:5] == b"%PDF-" or content[:3] in (b"\x1f\x8b\x08", b"Rar", b"7z\xbc"):
        raise DmsFileError("format")
    return "csv"


def guess_delimiter(text):
    head = [line for line in text[:20000].splitlines() if line.strip()][:HEADER_SEARCH_ROWS]
    bare = [re.sub(r'"[^"]*"', "", line) for line in head]
    return max(DELIMITERS, key=lambda delimiter: max((line.count(delimiter) for line in bare), default=0))


def _is_utf8(line):
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class DmsReader:
    """Reads the rows of a file as a stream, from any row on; memory does not grow with the file.

    :param file: binary and seekable
    :param max_rows: a file with more rows is refused
    :param numbered: whether the file is the table of a sheet (`table`), each row with its number
    :param is_over: function that tells whether there is no time left to read a sheet
    :raises DmsFileError: when the file as a whole cannot be read
    """

    def __init__(self, file, max_rows, numbered=False, is_over=lambda: False):
        self.max_rows = max_rows
        self._is_over = is_over
        self._own = ExitStack()
        file.seek(0)
        self.form = "xlsx" if numbered else file_format(file.read(4096))
        #: What a workbook holds besides its cells, and what was not opened (see `dms_sheet.Workbook.left_out`)
        self.left_out = []
        self.encoding = False
        self._numbered = self.form == "xlsx"
        if self._numbered:
            self._file = file if numbered else self._spool(self._open_book(file))
            self._encoding, self._delimiter = "utf-8", ","
        else:
            self._file = self._normalized(file)
            self._scan()
            self.encoding = self._utf16 or self._encoding

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self._own.close()

    @contextmanager
    def table(self):
        """Open the rows of a sheet as a CSV file, from which they are read faster and from any row on."""
        self._file.seek(0)
        yield self._file

    # ------------------------------------------------------------
    # PREPARE
    # ------------------------------------------------------------

    def _open_book(self, file):
        book = Workbook(file)
        self.left_out = book.left_out
        return book.rows(self.max_rows)

    def _spool(self, rows):
        """Keep the rows of a sheet as CSV, each with its number: a sheet can only be read from its beginning."""
        spool = self._own.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed with the reader)
        text = io.TextIOWrapper(spool, encoding="utf-8", newline="", write_through=False)
        writer = csv.writer(text)
        for count, (number, values) in enumerate(rows, 1):
            writer.writerow([number, *values])
            if count % 1000 == 0 and self._is_over():
                raise DmsFileError("slow")
        text.flush()
        text.detach()
        return spool

    def _normalized(self, file):
        """Return the file with lines that end with a line feed, in an encoding of which each line can be read alone."""
        file.seek(0)
        head = file.read(65536)
        self._utf16 = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else False
        if not self._utf16 and (b"\n" in head or b"\r" not in head):
            return file
        file.seek(0)
        spool = self._own.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed with the reader)
        decode = codecs.getincrementaldecoder(self._utf16 or "latin-1")().decode
        back = "utf-8" if self._utf16 else "latin-1"
        try:
            while block := file.read(_BLOCK):
                text = decode(block)
                spool.write((text if self._utf16 else text.replace("\r", "\n")).encode(back))
        except UnicodeError as error:
            raise DmsFileError("encoding", line=1) from error
        return spool

    def _scan(self):
        """Go through the file once: its encoding, its quotation marks, lines that are no text."""
        file, good, bad, bad_gb, first = self._file, 0, 0, 0, None
        quotes = nuls = size = lines = 0
        file.seek(0)
        mark = file.read(3) == codecs.BOM_UTF8
        file.seek(0)
        while line := file.readline(MAX_LINE_READ):
            lines += 1
            size += len(line)
            if len(line) == MAX_LINE_READ and line[-1:] != b"\n":
                raise DmsFileError("csv", line=lines)
            quotes += line.count(b'"')
            nuls += line.count(b"\0")
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                first = first or lines
                try:
                    line.decode("gb18030")
                except UnicodeDecodeError:
                    bad_gb += 1
        if nuls > 100 and nuls > size / 10:
            raise DmsFileError("format")
        # What most lines are written in; the others are damaged, and so are their rows
        if bad > good and not mark:
            self._encoding, damaged = "gb18030", bad_gb
        else:
            self._encoding, damaged = ("utf-8-sig" if mark else "utf-8"), bad
        if damaged and damaged * 5 > lines:
            raise DmsFileError("encoding", line=first)
        self._lines, self._odd = lines, quotes % 2 == 1
        file.seek(0)
        self._delimiter = guess_delimiter(self._decode(file.read(20000)))

    def _decode(self, line):
        """Return the text of a line; what is in no or in another encoding has a sign that refuses its row."""
        try:
            if self._encoding == "gb18030" and _CJK_UTF8.search(line) and _is_utf8(line):
                return line.decode("ascii", "replace")
            return line.decode(self._encoding)
        except UnicodeDecodeError:
            return line.decode(self._encoding, "replace")

    # ------------------------------------------------------------
    # ROWS
    # ------------------------------------------------------------

    def rows(self, position=None):
        """Yield (row number as a spreadsheet shows it, list of texts, position after it); empty rows are left out.

        :param position: as yielded with an earlier row, to go on behind it
        """
        count, offset, line = position or (0, 0, 0)
        file = self._file
        file.seek(offset)
        self._offset, self._line = offset, line
        reader = csv.reader(self._text_lines(file), delimiter=self._delimiter)
        start = self._line
        try:
            for row in reader:
                count += 1
                if count > self.max_rows + HEADER_SEARCH_ROWS:
                    raise DmsFileError("rows", limit=self.max_rows)
                if not self._numbered:
                    self._check_quotes(row, start)
                    values = plain_texts(row)
                    number = count
                else:
                    number, values = int(row[0]), row[1:]
                start = self._line
                if any(values):
                    yield number, values, (count, self._offset, self._line)
        except csv.Error as error:
            raise DmsFileError("csv", line=self._line) from error

    def _text_lines(self, file):
        while line := file.readline(MAX_LINE_READ):
            self._offset += len(line)
            self._line += 1
            text = self._decode(line)
            if len(text) > MAX_LINE:
                quote = '"' if text.count('"') % 2 else ""
                text = text[:MAX_LINE] + "\ufffd"
                # As many quotation marks, odd or even, as the whole line
                text += ('"' if (text.count('"') % 2 == 1) != bool(quote) else "") + "\n"
            yield CONTROL.sub("", text) if CONTROL.search(text) else text

    def _check_quotes(self, row, start):
        """A quotation mark that is never closed swallows the rest of the file into one cell."""
        if self._line - start < 2:
            return
        is_last = self._odd and self._line >= self._lines
        if any("\n" in value and (is_last or len(value) > MAX_CELL) for value in row):
            raise DmsFileError("csv", line=start + 1)


def read_rows(content, max_rows):
    """Yield (row number as a spreadsheet shows it, list of texts) of a file in memory; empty rows are left out."""
    with DmsReader(io.BytesIO(content), max_rows) as reader:
        for number, values, _position in reader.rows():
            yield number, values


def write_rows(headers, rows, file_type, encoding="utf-8-sig"):
    """Write rows of texts in the layout they came in.

    :param rows: any iterable; a CSV file of them does not stand in memory twice
    :return: bytes
    """
    if file_type == "xlsx":
        import xlsxwriter

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for index, row in enumerate(chain([headers], rows)):
                for column, value in enumerate(row):
                    sheet.write_string(index, column, value)
        return out.getvalue()
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([f"'{value}" if value.startswith(FORMULA) else value for value in row])
    return out.getvalue().encode(encoding, errors="replace")
