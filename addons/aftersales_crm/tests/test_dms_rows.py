"""What a row and a table of a file say, without a database: examples, and properties on random rows."""

import random
from datetime import datetime
from zoneinfo import ZoneInfo

from odoo.tests import BaseCase, tagged

from ..tools import dms_table, dms_values
from ..tools.dms_cell import HEADER_SEARCH_ROWS, MAX_CELL, DmsFileError
from ..tools.dms_row import Row, RowReader, SaidRows

HEADERS = ["工单号", "车架号", "车牌号", "进厂时间", "合计", "维修类型"]
TARGETS = {
    dms_values.fold(header): target
    for header, target in zip(
        HEADERS, ("order_name", "vin", "license_plate", "date_in", "amount_total", "kind"), strict=True
    )
}
ALPHABET = "ABC019-·. 沪ＡＢ１２/#\t，"


@tagged("post_install", "-at_install")
class TestRowReader(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reader = RowReader(
            HEADERS, TARGETS, {"kind": {dms_values.fold("快修"): "repair"}}, "ymd", ZoneInfo("Asia/Shanghai")
        )

    def _row(self, *cells):
        row = Row(1, list(cells))
        self.reader.fill(row)
        return row

    def test_shape(self):
        """A row that is wider than its table, too long or undecodable is told by a code."""
        for raw, problem in (
            (["a"], None),
            (["a"] * 6 + ["", ""], None),
            (["a"] * 7, ("width", 7)),
            (["a" * (MAX_CELL + 1)], ("long", MAX_CELL)),
            (["\ufffd"], ("damaged", None)),
        ):
            self.assertEqual(self.reader.shape_problem(Row(1, raw)), problem)

    def test_keys(self):
        """Keys are brought into the form in which they are compared; what cannot be placed is told."""
        row = self._row(" ＷＸ１ ", "lsvaa4182e2184847", "沪a·12345")
        self.assertEqual(self.reader.normalize_keys(row), [])
        self.assertEqual(
            (row.cells["order_name"], row.cells["vin"], row.cells["license_plate"]),
            ("WX1", "LSVAA4182E2184847", "沪A12345"),
        )
        self.assertEqual(self.reader.normalize_keys(self._row()), [("order_missing", None), ("car_missing", None)])
        self.assertEqual(self.reader.normalize_keys(self._row("1" * 65, "LSV")), [("order_long", 64), ("vin", "LSV")])

    def test_values(self):
        """A cell is read in the way of its field; the store's clock becomes UTC; what cannot be read is None."""
        for target, text, way, value in (
            ("date_in", "2026-03-05 14:30", "datetime", datetime(2026, 3, 5, 6, 30)),
            ("date_in", "1850-01-01", "datetime", None),
            ("date_in", "2026年3月5日", "date", datetime(2026, 3, 5).date()),
            ("amount_total", "1,234.567", "number", 1234.57),
            ("odometer", "-1", "integer", None),
            ("odometer", "12345678", "integer", None),
            ("odometer", "4.5万", "integer", 45000),
            ("engine_number", " ａb1 ", "upper", "AB1"),
            ("kind", "快修", "word", "repair"),
            ("kind", "保养", "word", "maintenance"),
            ("kind", "?", "word", None),
        ):
            self.assertEqual(self.reader.value(target, text, way), value, text)

    def test_any_row_is_read(self):
        """Whatever the cells hold, reading ends, keys are stable and a refused row says why."""
        rng = random.Random(19)
        ways = ("text", "upper", "datetime", "date", "number", "integer", "phone")
        for _round in range(500):
            row = self._row(*("".join(rng.choices(ALPHABET, k=rng.randint(0, 20))) for _cell in HEADERS))
            problems = self.reader.normalize_keys(row)
            keys = {name: row.cells.get(name) for name in ("order_name", "vin", "license_plate")}
            if not problems:
                self.assertTrue(keys["order_name"])
                self.assertTrue(keys["vin"] or keys["license_plate"])
                self.assertEqual(self.reader.normalize_keys(row), [], "keys are normalised once and for all")
                self.assertEqual({name: row.cells.get(name) for name in keys}, keys)
            for text in filter(None, row.cells.values()):
                for way in ways:
                    self.reader.value("kind", text, way)

    def test_said(self):
        """The first row of an order is new, the same again is known, another value is named."""
        said = SaidRows()
        self.assertIsNone(said.compare("WX1", 2, {"kind": "保养", "vin": "V"}))
        before = said.snapshot()
        self.assertEqual(said.compare("WX1", 3, {"kind": "保养", "vin": "V"}), (2, []))
        self.assertEqual(said.compare("WX1", 4, {"kind": "维修", "vin": "V"}), (2, ["kind"]))
        self.assertIsNone(said.compare("WX2", 5, {"kind": "维修"}))
        self.assertIsNone(before.compare("WX2", 6, {"kind": "保养"}), "a copy does not hear of later rows")


@tagged("post_install", "-at_install")
class TestDmsTable(BaseCase):
    def test_header_is_found_under_a_title(self):
        """The row with most known names is the header; without any, the first row with several cells."""
        self.assertEqual(dms_table.find_header([["三月维修明细"], ["制表", "王"], HEADERS, ["1"]]), 2)
        self.assertEqual(dms_table.find_header([["Liste"], ["Nr", "Kz"], ["1", "2"]]), 1)
        for rows in ([], [["x"]] * 5, [[""]] * HEADER_SEARCH_ROWS + [HEADERS]):
            with self.assertRaises(DmsFileError):
                dms_table.find_header(rows)

    def test_headers_get_different_names(self):
        """A column without a name, or with the name of another one, gets its own."""
        self.assertEqual(
            dms_table.name_headers(["电话", "", "电 话"], lambda number: f"Column {number}"),
            ["电话", "Column 2", "电 话 (3)"],
        )
        rng = random.Random(7)
        for _round in range(200):
            names = dms_table.name_headers(rng.choices(["a", " a", "A", "b", "", " "], k=8), lambda n: f"Column {n}")
            self.assertEqual(len({dms_values.fold(name) for name in names}), 8, names)

    def test_samples(self):
        """Three different values a column, also when rows are short."""
        self.assertEqual(dms_table.sample_values([["1", "a"], ["1"], ["2", "", "x"]], 3), ["1 · 2", "a", "x"])

    def test_refused_table_keeps_its_layout(self):
        """Dropped again and again, a file of refused rows keeps its columns and carries one reason."""
        headers, rows = ["工单号", "车主"], [["1", "张三"], ["2"]]
        for round_ in range(3):
            refused = [(cells, f"first\nround {round_}") for cells in rows]
            headers, rows = dms_table.refused_table(headers, refused, "拒绝原因")
            self.assertEqual(headers, ["工单号", "车主", "拒绝原因"])
            self.assertEqual(rows, [["1", "张三", f"first round {round_}"], ["2", "", f"first round {round_}"]])
