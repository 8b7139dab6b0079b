"""The texts that the cells of a workbook share: a table of millions in a large one, kept on disk. Knows files, no models."""

import functools
import os
import tempfile
from array import array

from .dms_cell import MAX_CELL, DmsFileError

# What one text takes in the file, with all its forms
MAX_TEXT_BYTES = 16 * 1024 * 1024
# More than a sheet of a million rows can want; each takes eight bytes of memory
MAX_TEXTS = 12_000_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ITEM, _TEXT, _RUN = f"{_MAIN}si", f"{_MAIN}t", f"{_MAIN}r"
# Most texts come again and again (models, kinds, names of staff); a long one never
_KEPT, _KEPT_BYTES = 8192, 200


class SharedTexts:
    """The shared texts of a workbook by their number, as ``openpyxl`` asks for them.

    :param source: the stream of the part, with a ``limit`` of bytes between two calls of its ``reset``
    :raises DmsFileError: when there are impossibly many, or when one is impossibly long
    """

    def __init__(self, source):
        from openpyxl.xml.functions import iterparse  # heavy: only when a workbook is read

        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the table is asked)
        self._ends = array("Q", [0])
        self._kept = functools.lru_cache(_KEPT)(self._read)
        source.limit = MAX_TEXT_BYTES
        table = None
        try:
            for event, element in iterparse(source, events=("start", "end")):
                if table is None:
                    table = element
                elif event == "end" and element.tag == _ITEM:
                    self._add(_text_of(element))
                    # Neither the texts nor their elements gather in memory
                    table.clear()
                    source.reset()
            self._file.flush()
        except BaseException:
            self.close()
            raise

    def _add(self, text):
        if len(self) >= MAX_TEXTS:
            raise DmsFileError("bomb")
        # A cell may be longer than what is accepted: one character more tells it
        data = text[: MAX_CELL + 1].encode("utf-8", "surrogatepass")
        self._file.write(data)
        self._ends.append(self._ends[-1] + len(data))

    def __len__(self):
        return len(self._ends) - 1

    def __getitem__(self, number):
        if not 0 <= number < len(self):
            raise IndexError(number)
        if self._ends[number + 1] - self._ends[number] <= _KEPT_BYTES:
            return self._kept(number)
        return self._read(number)

    def _read(self, number):
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode("utf-8", "surrogatepass")

    def close(self):
        self._file.close()


def _text_of(item):
    """Return a text without its forms; how it is pronounced is not part of it."""
    runs = [item, *item.findall(_RUN)]
    text = "".join([part.text or "" for run in runs for part in run.findall(_TEXT)])
    return text.replace("x005F_", "")
