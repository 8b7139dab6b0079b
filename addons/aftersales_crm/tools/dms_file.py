"""Reading and writing the files of dealer management systems. Knows files, no models.

Every fault is raised as :class:`DmsFileError` with a code and its details; the caller words the sentence.
"""

import csv
import datetime
import hashlib
import io
import re
import zipfile

MAX_COLUMNS = 200
MAX_CELL = 20000
MAX_UNPACKED = 400 * 1024 * 1024
HEADER_SEARCH_ROWS = 10
DELIMITERS = (",", ";", "\t", "|")
# What spreadsheets would take for a formula; written with an apostrophe in front and read back without it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class DmsFileError(Exception):
    def __init__(self, code, **details):
        super().__init__(code)
        self.code = code
        self.details = details


def checksum(content):
    return hashlib.sha256(content).hexdigest()


def file_format(content):
    """Tell the format from the content; the name of a file proves nothing."""
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise DmsFileError("empty")
    if content[:4] == b"PK\x03\x04":
        return "xlsx"
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise DmsFileError("old_excel")
    if content[:5] == b"%PDF-" or content[:3] in (b"\x1f\x8b\x08", b"Rar", b"7z\xbc"):
        raise DmsFileError("format")
    return "csv"


def decode(content):
    """Decode the text of a CSV file.

    :return: (text, name of the encoding)
    """
    if content[:3] == b"\xef\xbb\xbf":
        encodings = ("utf-8-sig",)
    elif content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    else:
        encodings = ("utf-8", "gb18030")
    line = None
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            continue
        return text, encoding
    raise DmsFileError("encoding", line=line)


def guess_delimiter(text):
    head = [line for line in text[:20000].splitlines() if line.strip()][:HEADER_SEARCH_ROWS]
    bare = [re.sub(r'"[^"]*"', "", line) for line in head]
    return max(DELIMITERS, key=lambda delimiter: max((line.count(delimiter) for line in bare), default=0))


def cell_text(value):
    """Return the value of a cell as the text that a CSV export of the same sheet would show."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, bool):
        return "1" if value else "0"
    elif isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    elif isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S" if value.time() != datetime.time() else "%Y-%m-%d")
    elif isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    else:
        text = str(value)
    text = _CONTROL.sub("", text).strip()
    if len(text) > 1 and text[0] == "'" and text[1] in _FORMULA:
        text = text[1:]
    return text


def read_csv(content, max_rows):
    """Yield the rows of a CSV file as lists of texts."""
    text, _encoding = decode(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=guess_delimiter(text))
    count = start = 0
    # A quotation mark that is never closed swallows the rest of the file into one cell
    is_odd = text.count('"') % 2 == 1
    size = text.count("\n")
    try:
        for row in reader:
            count += 1
            if count > max_rows + HEADER_SEARCH_ROWS:
                raise DmsFileError("rows", limit=max_rows)
            is_last = is_odd and reader.line_num >= size
            if any("\n" in value and (is_last or len(value) > MAX_CELL) for value in row):
                raise DmsFileError("csv", line=start + 1)
            start = reader.line_num
            yield count, [cell_text(value) for value in row]
    except csv.Error as error:
        raise DmsFileError("csv", line=reader.line_num) from error


def _check_archive(content):
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise DmsFileError("broken") from error
    with archive:
        names = {info.filename for info in archive.infolist()}
        if "xl/workbook.xml" not in names:
            raise DmsFileError("format")
        if any(name.endswith("vbaProject.bin") for name in names):
            raise DmsFileError("macro")
        if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
            raise DmsFileError("bomb")
        for info in archive.infolist():
            if not info.filename.endswith((".xml", ".rels")):
                continue
            try:
                with archive.open(info) as part:
                    head = part.read(2048)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
                raise DmsFileError("broken") from error
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise DmsFileError("entity")


def read_xlsx(content, max_rows):
    """Yield the rows of the first sheet that holds any; formulas give their stored value and are never evaluated."""
    _check_archive(content)
    from openpyxl import load_workbook  # heavy: only when a sheet is read

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise DmsFileError("broken") from error
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            sheet.reset_dimensions()
            found = False
            count = 0
            for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True), start=1):
                values = [cell_text(value) for value in row]
                while values and not values[-1]:
                    values.pop()
                if not values:
                    continue
                found = True
                count += 1
                if count > max_rows + HEADER_SEARCH_ROWS:
                    raise DmsFileError("rows", limit=max_rows)
                yield number, values
            if found:
                return
    except DmsFileError:
        raise
    except Exception as error:
        raise DmsFileError("broken") from error
    finally:
        book.close()


def read_rows(content, max_rows):
    """Yield (row number as a spreadsheet shows it, list of texts); empty rows are left out."""
    reader = read_xlsx if file_format(content) == "xlsx" else read_csv
    for number, values in reader(content, max_rows):
        if any(values):
            yield number, values


def write_rows(headers, rows, file_type, encoding="utf-8-sig"):
    """Write rows of texts in the layout they came in.

    :return: bytes
    """
    if file_type == "xlsx":
        import xlsxwriter

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
            sheet = book.add_worksheet()
            for index, row in enumerate([headers, *rows]):
                for column, value in enumerate(row):
                    sheet.write_string(index, column, value)
        return out.getvalue()
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    for row in rows:
        writer.writerow([f"'{value}" if value.startswith(_FORMULA) else value for value in row])
    return out.getvalue().encode(encoding, errors="replace")
