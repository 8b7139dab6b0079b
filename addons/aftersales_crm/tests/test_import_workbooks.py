import io
import re
import sys
import zipfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools import dms_sheet
from .common_order import HEADERS, VIN_2, AftersalesOrderCommon

_WATCH = {"seen": None}
_REACHES_OUT = {
    *("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"),
    *("urllib.Request", "http.client.connect", "ftplib.connect", "webbrowser.open", "os.startfile", "exec", "open"),
}
_RELATION = '<Relationship Id="rId{number}" Type="{type}" Target="{target}"{mode}/>'
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _watch(event, args):
    if _WATCH["seen"] is not None and event in _REACHES_OUT:
        _WATCH["seen"].append((event, str(args[0]) if args else ""))


sys.addaudithook(_watch)


@tagged("post_install", "-at_install")
class TestImportWorkbooks(AftersalesOrderCommon):
    """A workbook may point anywhere: its cells are read, the rest is named in a sentence and neither opened nor fetched."""

    def setUp(self):
        super().setUp()
        folder = Path(self.enterContext(TemporaryDirectory()))
        self.elsewhere = folder / "elsewhere.xlsx"
        self.elsewhere.write_bytes(self._book([HEADERS]))

    def _good(self):
        return self._book([HEADERS, self._row()])

    def _with_parts(self, parts, content=None):
        """Return a good workbook with parts changed or added: {name: text, or what makes it of the former text}."""
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content or self._good())) as source,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            names = source.namelist()
            for name in names:
                change = parts.get(name)
                text = source.read(name)
                target.writestr(name, change(text.decode()) if callable(change) else text if change is None else change)
            for name, text in parts.items():
                if name not in names:
                    target.writestr(name, text)
        return out.getvalue()

    def _relations(self, *relations):
        """Return a part of relations: (kind, target); all of them lead out of the workbook."""
        items = "".join(
            _RELATION.format(number=number, type=f"{_TYPES}/{kind}", target=target, mode=' TargetMode="External"')
            for number, (kind, target) in enumerate(relations, start=1)
        )
        return (
            '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f"{items}</Relationships>"
        )

    @contextmanager
    def _nothing_is_fetched(self):
        _WATCH["seen"] = seen = []
        try:
            yield
        finally:
            _WATCH["seen"] = None
        outside = [
            (event, what)
            for event, what in seen
            if event not in ("open", "exec") or self.elsewhere.name in what or "evil" in what
        ]
        self.assertFalse(outside)

    def _imports(self, content, said):
        """Expect that the row of the workbook goes in, and that the sentence names what was left out."""
        imp = self._create_import(content, self.admin, file_name="export.xlsx")
        with self._nothing_is_fetched():
            imp.action_dry_run()
            imp.action_apply()
        self.assertRecordValues(imp, [{"state": "applied", "count_create": 1, "count_refused": 0}])
        self.assertEqual(imp.left_out_text, said)
        return imp

    def _refuses(self, content, reason):
        imp = self._create_import(content, self.admin, file_name="export.xlsx")
        with self._nothing_is_fetched(), self.assertRaisesRegex(UserError, reason):
            imp.action_apply()
        self.assertFalse(imp.line_ids)

    def _sheet(self, change):
        return {"xl/worksheets/sheet1.xml": change}

    def _with_formula(self, formula, stored=None):
        """Return a workbook whose customer's words are a formula."""
        content = self._book([[*HEADERS, "客户描述"], [*self._row(), "HERE"]])
        value = f"<v>{stored}</v>" if stored is not None else ""
        cell = re.compile(r't="inlineStr"><is><t>HERE</t></is>')
        return self._with_parts(
            self._sheet(lambda text: cell.sub(lambda _found: f't="str"><f>{formula}</f>{value}', text)), content
        )

    # ------------------------------------------------------------
    # POINTING ELSEWHERE
    # ------------------------------------------------------------

    def test_watcher_sees(self):
        """The watcher of these tests sees a file that is opened: what follows is no check that cannot fail."""
        with self.assertRaises(AssertionError), self._nothing_is_fetched():
            self.elsewhere.read_bytes()

    def test_link_to_another_workbook(self):
        """A link to another workbook gives the value that was stored with it; the other one is not opened."""
        parts = {
            "xl/externalLinks/externalLink1.xml": "<externalLink/>",
            "xl/externalLinks/_rels/externalLink1.xml.rels": self._relations(
                ("externalLinkPath", self.elsewhere.as_uri()), ("externalLinkPath", "http://evil.example.com/a.xlsx")
            ),
        }
        formula = self._with_formula("[1]Sheet1!$A$1", "stored words")
        self._imports(self._with_parts(parts, formula), "links to other workbooks")
        self.assertEqual(self._find_order("WX001").customer_words, "stored words")

    def test_broken_link(self):
        """What a spreadsheet shows for a link that leads nowhere is no value, and a remark says so."""
        imp = self._imports(self._with_formula("[1]Sheet1!$A$1", "#REF!"), "")
        self.assertFalse(self._find_order("WX001").customer_words)
        self.assertIn("#REF!", imp.line_ids.note)

    def test_dde(self):
        """A formula that would start a program is a text; with a stored value, it is that value."""
        command = "cmd|'/c calc'!A0"
        self._imports(self._with_formula(command), "")
        self.assertEqual(self._find_order("WX001").customer_words, f"={command}")
        imp = self._imports_again(self._with_formula(command, "7"))
        self.assertEqual(self._find_order("WX001").customer_words, "7")
        self.assertEqual(imp.count_update, 1)

    def _imports_again(self, content):
        imp = self._create_import(content, self.admin, file_name="export.xlsx")
        with self._nothing_is_fetched():
            imp.action_apply()
        return imp

    def test_dde_link(self):
        """A link to a running program is a link like any other."""
        dde = '<externalLink><ddeLink ddeService="cmd" ddeTopic="/c evil"/></externalLink>'
        self._imports(self._with_parts({"xl/externalLinks/externalLink1.xml": dde}), "links to other workbooks")

    def test_data_connection(self):
        """A connection to a database or a web page is not made."""
        connection = (
            '<connections><connection id="1" type="5" refreshOnLoad="1"><dbPr connection="Server=evil.example.com"/>'
            '</connection><connection id="2"><webPr url="http://evil.example.com"/></connection></connections>'
        )
        parts = {"xl/connections.xml": connection, "xl/queryTables/queryTable1.xml": "<queryTable/>"}
        self._imports(self._with_parts(parts), "data connections")

    def test_embedded_object(self):
        """An object of another program stays where it is."""
        parts = {"xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0" + b"x" * 99, "xl/activeX/activeX1.bin": b"x"}
        self._imports(self._with_parts(parts), "embedded objects")

    def test_picture_from_elsewhere(self):
        """A picture of another server is not fetched: nobody there learns that the file was read."""
        parts = {
            "xl/drawings/drawing1.xml": "<wsDr/>",
            "xl/drawings/_rels/drawing1.xml.rels": self._relations(("image", "http://evil.example.com/pixel.png")),
        }
        self._imports(self._with_parts(parts), "pictures that lie elsewhere")

    def test_hyperlink(self):
        """The text of a hyperlink is the text of its cell; links of one kind or another are no reason for a sentence."""
        links = '</sheetData><hyperlinks><hyperlink ref="A2" r:id="rId1"/></hyperlinks>'
        parts = {
            "xl/worksheets/_rels/sheet1.xml.rels": self._relations(("hyperlink", "http://evil.example.com")),
            **self._sheet(
                lambda text: text.replace("</sheetData>", links).replace(
                    "<worksheet ", f'<worksheet xmlns:r="{_TYPES}" '
                )
            ),
        }
        self._imports(self._with_parts(parts), "")

    # ------------------------------------------------------------
    # PROGRAMS
    # ------------------------------------------------------------

    def test_macros(self):
        """A workbook with macros is sent back, whatever its name and wherever they are."""
        for name in ("xl/vbaProject.bin", "xl/macrosheets/sheet1.xml", "xl/MacroSheets/intlsheet1.xml"):
            self._refuses(self._with_parts({name: "<x/>"}), "macros")

    # ------------------------------------------------------------
    # BOMBS
    # ------------------------------------------------------------

    def test_definitions(self):
        """XML that defines entities is not read, nor is XML that hides its beginning."""
        entity = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///evil">]><worksheet/>'
        head = '<?xml version="1.0" encoding="UTF-16"?>'
        for text in (
            entity,
            f"<!-- {'x' * 5000} -->{entity}",
            f"<!--{'x' * 90_000}-->{entity}",
            (head + entity).encode("utf-16"),
        ):
            self._refuses(self._with_parts(self._sheet(text)), "definitions")
        # Also in a part whose name does not tell that it is read
        parts = {
            "xl/sheet.bin": entity,
            "xl/_rels/workbook.xml.rels": lambda text: text.replace("/xl/worksheets/sheet1.xml", "/xl/sheet.bin"),
        }
        self._refuses(self._with_parts(parts), "definitions")

    def test_parts_that_fill_the_memory(self):
        """No part that is read as a whole, no row and nothing beside the rows is larger than it can honestly be."""
        styles = {"xl/styles.xml": lambda text: text.replace("</styleSheet>", " " * 300_000 + "</styleSheet>")}
        with patch.object(dms_sheet, "MAX_PART", 200_000):
            self._refuses(self._with_parts(styles), "impossible size")
        columns = "<cols>" + '<col min="1" max="1" width="9"/>' * 10_000 + "</cols><sheetData>"
        cells = '<row r="2">' + "<c><v>1</v></c>" * 20_000
        text = "<sheetData>" + f'<row r="1"><c t="str"><v>{"x" * 300_000}</v></c></row>'
        with patch.object(dms_sheet, "MAX_ROW_BYTES", 200_000):
            self._imports(self._good(), "")
            for before, after in (("<sheetData>", columns), ('<row r="2">', cells), ("<sheetData>", text)):
                self._refuses(
                    self._with_parts(
                        self._sheet(lambda sheet, before=before, after=after: sheet.replace(before, after, 1))
                    ),
                    "impossible size",
                )
        with patch.object(dms_sheet, "MAX_PARTS", 20):
            self._refuses(self._with_parts({f"xl/media/{number}": "x" for number in range(30)}), "impossible size")

    def test_what_follows_the_rows_is_not_read(self):
        """A million merged cells behind the rows cost nothing."""
        merged = "</sheetData><mergeCells>" + '<mergeCell ref="A1:B2"/>' * 50_000 + "</mergeCells>"
        content = self._with_parts(self._sheet(lambda text: text.replace("</sheetData>", merged)))
        with patch.object(dms_sheet, "MAX_ROW_BYTES", 200_000):
            self._imports(content, "")

    def test_formula_without_value(self):
        """A formula that nobody has reckoned is a text: as an amount it is left out with a remark, never taken for nothing."""
        sheet = self._book([HEADERS, self._row(order="WX900", total="=1+1", vin=VIN_2, plate="沪B88888")])
        imp = self._imports(sheet, "")
        self.assertEqual(self._find_order("WX900").amount_total, 0)
        self.assertIn("=1+1", imp.line_ids.note)
