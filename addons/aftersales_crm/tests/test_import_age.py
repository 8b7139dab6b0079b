from odoo.tests import freeze_time, tagged

from .common_order import HEADERS, VIN_2, AftersalesOrderCommon


@tagged("post_install", "-at_install")
class TestImportAge(AftersalesOrderCommon):
    """Every value is of a moment: that of the export, or of the correction by hand. Older ones never overwrite newer."""

    def _import(self, name, *rows, **options):
        imp = self._create_import(self._csv(rows, **options), self.admin, file_name=name)
        imp.action_apply()
        return imp

    def test_older_export_after_a_newer_one(self):
        """An older export leaves what the newer one told, fills what is empty, and says so."""
        self._import("wx_2026-03-20.csv", self._row(total="880", km="45000", kind="保养", consent="", settled=""),
                     headers=[*HEADERS, "结算单号"])  # fmt: skip
        older = self._import(
            "wx_2026-03-05.csv",
            self._row(total="100", km="44000", kind="维修", date_out="", consent="", settled="JS1"),
            headers=[*HEADERS, "结算单号"],
        )
        order = self._find_order("WX001")
        self.assertRecordValues(
            order,
            [{"amount_total": 880, "odometer": 45000, "kind": "maintenance", "settlement_number": "JS1",
              "state": "delivered"}],
        )  # fmt: skip
        self.assertIn("later moment", older.line_ids.note)
        self.assertEqual(older.line_ids.result, "update", "the empty number was filled")

    def test_same_in_both_orders(self):
        """In which order exports come in makes no difference to what stands in the end."""
        newer, older = self._row(total="880", consent="否"), self._row(total="100", date_out="", consent="是")
        values = []
        for store, order in ((self.admin, (older, newer)), (self.admin_b, (newer, older))):
            for row in order:
                name = "wx_20260320.csv" if row is newer else "wx_20260305.csv"
                imp = self._create_import(self._csv([row]), store, file_name=name)
                imp.action_apply()
            found = self._find_order("WX001", store.company_id)
            values.append((found.amount_total, found.state, found.callback_consent, found.odometer))
        self.assertEqual(*values)
        self.assertEqual(values[0][2], "no", "a refusal that any export has told stands")

    def test_unchanged_rows_are_confirmed(self):
        """A newer export that tells the same makes the values as new as itself."""
        self._import("wx_2026-03-05.csv", self._row(total="880"))
        self._import("wx_2026-03-20.csv", self._row(total="880"))
        self._import("wx_2026-03-10.csv", self._row(total="1"))
        self.assertEqual(self._find_order("WX001").amount_total, 880)

    @freeze_time("2026-03-25 10:00:00")
    def test_correction_by_hand_is_newer_than_an_export_before_it(self):
        """What a person corrected is not brought back by an export that was made before."""
        row = self._row(total="880")
        self._import("wx_2026-03-20.csv", row)
        order = self._find_order("WX001")
        self.as_user(order, self.manager).amount_total = 800
        self._import("wx_2026-03-20.csv", row)
        self.assertEqual(order.amount_total, 800)
        owner = self.vehicle.partner_id
        owner.phone = "13700137000"
        self._import("wx_2026-03-20.csv", self._row(phone="13800138000"))
        self.assertEqual(owner.phone, "13700137000")
        with freeze_time("2026-03-27 10:00:00"):
            self._import("wx_2026-03-26.csv", row)
        self.assertEqual(order.amount_total, 880, "an export that was made later does")

    def test_nobody_else_dates_values(self):
        """A client cannot date a value into the future and so shut imports out."""
        order = self._create_order()
        self.as_user(order, self.manager).write({"source_date": "2099-01-01 00:00:00", "odometer": 5})
        self.assertLess(order.source_date.year, 2099)

    def test_the_moment_of_a_file(self):
        """The moment is the day in the file's name, else the last visit that it tells of; a person may say another."""
        imp = self._import("export.csv", self._row(), self._row(order="WX002", date_in="2026-03-09 09:00", date_out=""))
        self.assertEqual(imp.date_source, self.utc("2026-03-09 09:00"))
        imp = self._import("wx_20260310.csv", self._row(order="WX003", date_in="2026-03-01", date_out="", vin=VIN_2))
        self.assertEqual(imp.date_source, self.utc("2026-03-11 00:00"))
        imp = self._create_import(self._csv([self._row()]), self.admin, date_source="2026-01-01 00:00:00")
        imp.action_apply()
        self.assertEqual(str(imp.date_source), "2026-01-01 00:00:00")
