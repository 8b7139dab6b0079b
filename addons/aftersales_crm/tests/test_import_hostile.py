import base64
import io
import zipfile
from unittest.mock import patch

import xlsxwriter

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools import dms_file, dms_sheet, dms_texts
from .common_order import HEADERS, AftersalesOrderCommon

_NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_SHEET = f"<worksheet {_NAMESPACE}><sheetData>{{rows}}</sheetData></worksheet>"


@tagged("post_install", "-at_install")
class TestImportHostile(AftersalesOrderCommon):
    """Hostile input gets a sentence and does no harm; a bad row never stops the good ones."""

    def _with_parts(self, content, parts):
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                if name not in parts:
                    target.writestr(name, source.read(name))
            for name, text in parts.items():
                target.writestr(name, text)
        return out.getvalue()

    def _refuses(self, content, reason, file_name="export.csv"):
        imp = self._create_import(content, self.admin, file_name=file_name)
        with self.assertRaisesRegex(UserError, reason):
            imp.action_apply()
        self.assertIn(imp.state, ("draft", "mapped", "working"))
        self.assertFalse(imp.line_ids)

    def test_sheets(self):
        """Bombs, sheets of a billion rows, macros, cut-off and foreign archives are not opened."""
        good = self._book([HEADERS, self._row()])
        sheet = "xl/worksheets/sheet1.xml"
        billion = _SHEET.format(rows='<row r="1"><c r="A1" t="n"><v>1</v></c></row><row r="999999999"/>')
        self._refuses(self._with_parts(good, {sheet: billion}), "damaged")
        same = "".join('<row r="5"><c r="A5"><v>1</v></c></row>' for _row in range(50))
        self._refuses(self._with_parts(good, {sheet: _SHEET.format(rows=same)}), "damaged")
        with patch.object(dms_sheet, "MAX_UNPACKED", 200_000):
            self._refuses(self._with_parts(good, {sheet: b" " * 5_000_000}), "impossible size")
        self._refuses(self._with_parts(good, {"xl/vbaProject.bin": b"x"}), "macros")
        self._refuses(self._with_parts(good, {sheet: '<!DOCTYPE x [<!ENTITY a "b">]>' + billion}), "definitions")
        self._refuses(good[: len(good) // 2], "damaged")
        self._refuses(b"PK\x03\x04" + b"\0" * 500, "damaged")

    def test_shared_texts(self):
        """The texts that cells share are neither impossibly many nor impossibly long."""
        out = io.BytesIO()
        with xlsxwriter.Workbook(out) as book:
            sheet = book.add_worksheet()
            for index, row in enumerate([HEADERS, self._row()]):
                sheet.write_row(index, 0, row)
        for limit, items in (
            ("MAX_TEXTS", "<si><t>x</t></si>" * 5000),
            ("MAX_TEXT_BYTES", "<si><t>" + "x" * 200_000 + "</t></si>"),
            ("MAX_TEXT_BYTES", "<si/>" + "<x/>" * 50_000),
        ):
            content = self._with_parts(out.getvalue(), {"xl/sharedStrings.xml": f"<sst {_NAMESPACE}>{items}</sst>"})
            with patch.object(dms_texts, limit, 4_999):
                self._refuses(content, "impossible size")
        imp = self._create_import(out.getvalue(), self.admin)
        imp.action_apply()
        self.assertEqual(imp.count_create, 1)

    def test_formulas_and_links_are_text(self):
        """Formulas are not evaluated, links are not followed; they come back as text that no spreadsheet runs."""
        content = self._csv([self._row(order="=HYPERLINK(1)", vin="BAD", name="@SUM(A1)", advisor="+cmd|'/c calc'!A0")])
        imp = self._create_import(content, self.admin)
        imp.action_apply()
        self.assertEqual(imp.count_refused, 1)
        rows = list(dms_file.read_rows(base64.b64decode(imp.refused_file), 10))
        self.assertEqual(rows[1][1][0], "=HYPERLINK(1)")
        self.assertIn(b"'=HYPERLINK", base64.b64decode(imp.refused_file))
        sheet = self._book([HEADERS, self._row(order="WX900", total="=1+1")])
        imp = self._create_import(sheet, self.admin, file_name="x.xlsx")
        imp.action_apply()
        self.assertEqual(self._find_order("WX900").amount_total, 0)

    def test_wrong_extension(self):
        """The content tells what a file is, its name proves nothing."""
        imp = self._create_import(self._book([HEADERS, self._row()]), self.admin, file_name="export.csv")
        imp.action_apply()
        self.assertEqual((imp.file_type, imp.count_create), ("xlsx", 1))
        imp = self._create_import(self._csv([self._row(order="WX2")]), self.admin, file_name="export.xlsx")
        imp.action_apply()
        self.assertEqual((imp.file_type, imp.count_create), ("csv", 1))
        self._refuses(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "encoding|neither|UTF-8")
        self._refuses(b"\0\1\2\3" * 5000, "neither")

    def test_mixed_and_cut_encodings(self):
        """A line in another encoding, or cut in the middle of a character, is refused; the others go in."""
        lines = self._csv([self._row(order=f"WX{n}", date_out="") for n in range(8)]).decode().splitlines(keepends=True)
        for main, other in (("utf-8", "gb18030"), ("gb18030", "utf-8")):
            with self.subTest(main):
                savepoint = self.env.cr.savepoint()
                content = b"".join(line.encode(other if number == 4 else main) for number, line in enumerate(lines))
                imp = self._create_import(content, self.admin)
                imp.action_apply()
                self.assertEqual((imp.count_create, imp.count_refused), (7, 1))
                self.assertIn("cannot be read", imp.line_ids.filtered("reason").reason)
                savepoint.close(rollback=True)
        imp = self._create_import("".join(lines).encode()[:-12].rsplit("否是".encode())[0][:-1], self.admin)
        imp.action_apply()
        self.assertGreaterEqual(imp.count_create, 7)

    def test_huge_cells_and_control_characters(self):
        """A cell of ten megabytes refuses its row alone; NUL and its like are dropped."""
        rows = [self._row(), self._row(order="WX2", kind="x" * 10_000_000), self._row(order="W\x00X\x083", date_out="")]
        imp = self._create_import(self._csv(rows), self.admin)
        imp.with_context(import_in_background=True).action_apply()
        self.assertTrue(imp._work())
        self.assertEqual(imp.line_ids.mapped("result"), ["create", "refused", "create"])
        self.assertIn("more than", imp.line_ids[1].reason)
        self.assertTrue(self._find_order("WX3"))
        self.assertLess(len(str(imp.line_ids[1].sudo().raw)), 200_000)

    def test_quotation_mark_that_is_never_closed(self):
        """Nothing of a file is written whose middle swallows its end."""
        content = self._csv([self._row(), self._row(order="WX2")]) + b'"' + self._csv([self._row(order="WX3")] * 3)
        imp = self._create_import(content, self.admin)
        with self.assertRaisesRegex(UserError, "quotation mark"):
            imp.action_apply()
        self.assertFalse(self._find_order("WX001"))

    def test_old_line_ends(self):
        """A file with the line ends of old Macs is a table like any other."""
        imp = self._create_import(self._csv([self._row(), self._row(order="WX2")]).replace(b"\r\n", b"\r"), self.admin)
        imp.action_apply()
        self.assertEqual(imp.count_create, 2)
