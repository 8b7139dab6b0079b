import io
import zipfile
from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..tools import dms_file, dms_sheet, dms_values


@tagged("post_install", "-at_install")
class TestDmsValues(BaseCase):
    def test_dates(self):
        """Every form of a date that exports use gives the same moment."""
        moment = datetime(2026, 3, 5, 14, 30)
        for text in (
            "2026-03-05 14:30",
            "2026/3/5 14:30",
            "2026年3月5日 14:30",
            "2026年3月5日14时30分",
            "2026.03.05 14:30:00",
            "20260305 14:30",
            "202603051430",
            "2026-03-05T14:30:00",
            "２０２６／３／５　１４：３０",
            "46086.604166667",
        ):
            self.assertEqual(dms_values.parse_datetime(text), moment, text)
        for text in ("5/3/2026", "2026-02-30", "2026-13-01", "soon", "26-3-5", "2026-03-05 25:00", "1", "9999999"):
            self.assertIsNone(dms_values.parse_datetime(text), text)
        self.assertEqual(dms_values.parse_datetime("5/3/2026", "dmy"), datetime(2026, 3, 5))
        self.assertEqual(dms_values.parse_datetime("3/5/2026", "mdy"), datetime(2026, 3, 5))

    def test_numbers(self):
        """Amounts and distances are read with their units, and nothing else is."""
        for text, value in (
            ("1,234.50", 1234.5),
            ("￥1234.5", 1234.5),
            ("1.2万", 12000),
            ("45000km", 45000),
            ("１２３公里", 123),
            ("-50", -50),
        ):
            self.assertEqual(dms_values.parse_number(text), value, text)
        for text in ("12a", "1,23", "=1+1", "nan", "inf", "1e5", "", "99999999999999"):
            self.assertIsNone(dms_values.parse_number(text), text)

    def test_phones(self):
        """Phones are compared by their digits."""
        for text in ("138 0013 8000", "+86-138-0013-8000", "008613800138000", "１３８００１３８０００"):
            self.assertEqual(dms_values.normalize_phone(text), "13800138000", text)
        self.assertEqual(dms_values.normalize_phone("010-62345678"), "01062345678")
        for text in ("12", "张三", "", "1234567890123456789"):
            self.assertIsNone(dms_values.normalize_phone(text), text)

    def test_headers(self):
        """Headers are known in both languages, whatever their blanks, widths and cases."""
        for text, target in (
            ("工单号", "order_name"),
            ("车架号（VIN）", "vin"),
            (" VIN码 ", "vin"),
            ("Order No.", "order_name"),
            ("license_plate", "license_plate"),
            ("手机：", "partner_phone"),
            ("Delivered On", "date_out"),
        ):
            self.assertEqual(dms_values.guess_target(text), target, text)
        self.assertIsNone(dms_values.guess_target("备注"))


@tagged("post_install", "-at_install")
class TestDmsFile(BaseCase):
    def _codes(self, content):
        with self.assertRaises(dms_file.DmsFileError) as caught:
            list(dms_file.read_rows(content, 100))
        return caught.exception.code

    def test_encodings(self):
        """UTF-8, with and without mark, UTF-16 and GB18030 give the same rows."""
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
            content = "单号,车主\n1,张三\n".encode(encoding)
            self.assertEqual(list(dms_file.read_rows(content, 100)), [(1, ["单号", "车主"]), (2, ["1", "张三"])])

    def test_delimiters(self):
        """The separator is found, also where the header has quotes."""
        for delimiter in ",;\t|":
            content = f'"a,b;c"{delimiter}b{delimiter}c\n1{delimiter}2{delimiter}3\n'.encode()
            self.assertEqual(next(iter(dms_file.read_rows(content, 100)))[1], ["a,b;c", "b", "c"])

    def test_formula_is_text_and_comes_back(self):
        """What a spreadsheet would run is written as text, and read back as it was."""
        rows = [["=1+1", "+8613800138000", "-5", "@x", "plain"]]
        for form in ("csv", "xlsx"):
            content = dms_file.write_rows(["a", "b", "c", "d", "e"], rows, form)
            self.assertEqual([values for _n, values in dms_file.read_rows(content, 100)][1], rows[0])
        self.assertIn(b"'=1+1", dms_file.write_rows(["a"], [["=1+1"]], "csv"))

    def test_hostile_files(self):
        """A file that is none gives a reason and no harm."""
        self.assertEqual(self._codes(b""), "empty")
        self.assertEqual(self._codes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600), "old_excel")
        self.assertEqual(self._codes(b"%PDF-1.7 ..."), "format")
        self.assertEqual(self._codes(b"PK\x03\x04 cut off"), "broken")
        self.assertEqual(self._codes(b"a,b\n" + b"\xff\xff\xff"), "encoding")
        self.assertEqual(self._codes(b"a,b\n" * 200), "rows")
        self.assertEqual(self._codes(b'a,b\n1,2\n"never closed\n' + b"x,y\n" * 20), "csv")
        self.assertEqual(self._codes(b'a,b\n"never closed' + b"x,y\n" * 20000 + b'",1\n'), "csv")
        self.assertEqual(self._codes(self._zip({"xl/workbook.xml": b"<x/>", "xl/vbaProject.bin": b"x"})), "macro")
        self.assertEqual(self._codes(self._zip({"other.txt": b"x"})), "format")
        self.assertEqual(self._codes(self._zip({"xl/workbook.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x/>'})), "entity")
        bomb = self._zip({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b"\0" * (dms_sheet.MAX_UNPACKED + 1)})
        self.assertEqual(self._codes(bomb), "bomb")

    def test_control_characters_are_dropped(self):
        """NUL and its like, which a database refuses, never get through."""
        self.assertEqual(next(iter(dms_file.read_rows(b"a\x00b,c\x07\n", 100)))[1], ["ab", "c"])

    def _zip(self, parts):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return out.getvalue()
