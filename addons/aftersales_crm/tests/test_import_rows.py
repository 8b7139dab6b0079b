import base64

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import dms_file
from .common_order import HEADERS, VIN_1, AftersalesOrderCommon


@tagged("post_install", "-at_install")
class TestImportRows(AftersalesOrderCommon):
    """A bad row never stops the good ones; it comes back with its reason, to be mended and dropped again."""

    def test_bad_rows_never_stop_good_ones(self):
        """Each bad row is refused with its reasons; all the good ones go in."""
        bad = {
            "17": self._row(order="B1", vin="LSV123", plate="沪B00001"),
            "letter": self._row(order="B2", vin="LSVAA4182E21848O7"),
            "order number": self._row(order=""),
            "Neither VIN nor plate": self._row(order="B4", vin="", plate=""),
            "no date": self._row(order="B5", date_in="yesterday"),
            "came in is missing": self._row(order="B6", date_in="", date_out=""),
            "before it came in": self._row(order="B7", date_out="2026-03-01 09:00"),
            "future": self._row(order="B8", date_out="2099-03-01 09:00"),
            "cells": [*self._row(order="B9"), "", "surplus"],
            "more than": self._row(order="B10", kind="x" * 30000),
        }
        imp = self._apply([self._row(), *bad.values(), self._row(order="WX002", date_in="2026-03-03", date_out="")])
        self.assertEqual(imp.count_create, 2)
        self.assertEqual(imp.count_refused, len(bad))
        refused = imp.line_ids.filtered(lambda line: line.result == "refused")
        for reason, line in zip(bad, refused, strict=True):
            self.assertIn(reason, line.reason)
            self.assertFalse(line.order_id or line.vehicle_id or line.sudo().changes)
        self.assertFalse(self.env["aftersales.repair.order"].search([("name", "=like", "B%")]))

    def test_unreadable_cell_is_left_out(self):
        """A cell that is not essential is left out with a remark, and the order goes in."""
        imp = self._apply([self._row(km="many", kind="改装", phone="none", total="gratis", consent="maybe")])
        order = self._find_order("WX001")
        self.assertRecordValues(
            order, [{"odometer": 0, "kind": "other", "amount_total": 0, "callback_consent": "not_asked"}]
        )
        self.assertEqual(len(imp.line_ids.note.splitlines()), 4)
        self.assertIn("改装", imp.line_ids.note)

    @mute_logger("odoo.sql_db")
    def test_refusal_of_the_models_hits_one_row(self):
        """What only the models or the database refuse is found by halving, and stops nobody else."""
        headers = [*HEADERS, "购车日期", "生产日期"]
        rows = [
            self._row(order=f"WX{number:03}", plate=f"沪B{number:05}", vin="", sold="", made="") for number in range(7)
        ]
        rows[4][-2:] = ["2020-01-01", "2021-01-01"]
        imp = self._apply(rows, headers=headers)
        self.assertEqual((imp.count_create, imp.count_refused), (6, 1))
        line = imp.line_ids.filtered(lambda line: line.result == "refused")
        self.assertEqual(line.order_number, "WX004")
        self.assertIn("manufactured", line.reason)
        self.assertEqual(imp.order_created, 6)

    def test_refused_rows_come_back(self):
        """Refused rows come back in the same layout and encoding with the reason; mended they go in."""
        content = self._csv([self._row(), self._row(order="WX002", vin="BAD", kind="维修")], encoding="gb18030")
        imp = self._create_import(content, self.admin)
        imp.action_apply()
        self.assertEqual(imp.encoding, "gb18030")
        text = base64.b64decode(imp.refused_file).decode("gb18030")
        self.assertNotIn("WX001", text)
        rows = list(dms_file.read_rows(base64.b64decode(imp.refused_file), 100))
        self.assertEqual(rows[0][1], [*HEADERS, "Refused because"])
        self.assertIn("17", rows[1][1][-1])
        mended = self._create_import(text.replace("BAD", VIN_1).encode("gb18030"), self.admin)
        mended.action_apply()
        self.assertEqual(mended.mapping_id, imp.mapping_id)
        self.assertEqual((mended.count_create, mended.count_refused), (1, 0))
        self.assertFalse(mended.refused_file)
        self.assertFalse(mended.unread_columns)
