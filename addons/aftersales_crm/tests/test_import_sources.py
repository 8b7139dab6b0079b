import io

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common_order import HEADERS, VIN_2, AftersalesOrderCommon


@tagged("post_install", "-at_install")
class TestImportSources(AftersalesOrderCommon):
    """Files in their forms and encodings, the columns and words of a source, and what is no table."""

    def test_encodings_and_xlsx(self):
        """The same table gives the same orders as GB18030, UTF-8, UTF-8 with mark and XLSX."""
        from openpyxl import Workbook

        for index, encoding in enumerate(("gb18030", "utf-8", "utf-8-sig")):
            imp = self._create_import(
                self._csv(
                    [self._row(order=f"E{index}", date_in=f"2026-03-0{index + 1}", date_out="")], encoding=encoding
                ),
                self.admin,
            )
            imp.action_apply()
            self.assertRecordValues(imp, [{"count_create": 1, "encoding": encoding, "file_type": "csv"}])
        book = Workbook()
        book.active.append(["三月份维修委托书"])
        book.active.append(HEADERS)
        row = self._row(order="E3", km=45000, total=880)
        row[1], row[2], row[6] = self._local("2026-03-02 09:00"), self._local("2026-03-02 16:30"), 13800138000
        book.active.append(row)
        book.active.append(["合计", *[""] * 9, 880])
        out = io.BytesIO()
        book.save(out)
        imp = self._create_import(out.getvalue(), self.admin, file_name="export.xlsx")
        imp.action_apply()
        self.assertRecordValues(imp, [{"count_create": 1, "row_count": 1, "file_type": "xlsx"}])
        orders = self.env["aftersales.repair.order"].search([("name", "=like", "E_")])
        self.assertEqual(orders.partner_id, self.owner)
        self.assertEqual(orders.mapped("amount_total"), [880] * 4)
        self.assertEqual(self._find_order("E3").date_in, self.utc("2026-03-02 09:00"))

    def _local(self, text):
        from datetime import datetime

        return datetime.strptime(text, "%Y-%m-%d %H:%M")

    def test_source_is_guessed_saved_and_corrected(self):
        """Columns are guessed once, corrected by hand, and found again for the next file of the source."""
        headers = [*HEADERS[:-1], "回访吗"]
        imp = self._create_import(self._csv([self._row(consent="好的")], headers=headers), self.admin)
        imp.action_read_file()
        self.assertEqual(imp.state, "mapped")
        self.assertEqual(imp.unread_columns, "回访吗")
        column = imp.column_ids.filtered(lambda column: column.header == "回访吗")
        self.assertEqual(column.sample, "好的")
        self.assertFalse(column.target)
        column.target = "callback_consent"
        imp.word_ids = [Command.create({"name": "好的", "meaning": "callback_consent.yes"})]
        imp.action_dry_run()
        imp.action_apply()
        self.assertEqual(self._find_order("WX001").callback_consent, "yes")
        later = self._create_import(
            self._csv([self._row(order="WX002", consent="好的")], headers=headers[::-1]), self.admin
        )
        later.action_read_file()
        self.assertEqual(later.mapping_id, imp.mapping_id, "the order of the columns does not matter")
        with self.assertRaises(ValidationError):
            column.target = "vin"

    def test_date_order_of_the_source(self):
        """Dates that do not begin with the year are read as the source says, and are refused until it does."""
        imp = self._create_import(self._csv([self._row(date_in="02/03/2026 09:00", date_out="")]), self.admin)
        imp.action_dry_run()
        self.assertEqual(imp.count_refused, 1)
        imp.date_order = "dmy"
        imp.action_dry_run()
        imp.action_apply()
        self.assertEqual(self._find_order("WX001").date_in, self.utc("2026-03-02 09:00"))

    def test_customers_and_cars_without_orders(self):
        """A file of cars and customers goes in as well."""
        headers = ["车架号", "车牌号", "车主", "手机", "品牌", "车型"]
        rows = [[VIN_2, "沪B88888", "李四", "13900139000", "Test Brand", "Model One"]]
        imp = self._create_import(self._csv(rows, headers=headers), self.admin)
        imp.action_apply()
        vehicle = self.env["aftersales.vehicle"].search([("vin", "=", VIN_2)])
        self.assertRecordValues(vehicle, [{"license_plate": "沪B88888", "model_id": self.car_model.id}])
        self.assertEqual((imp.count_create, imp.order_created, imp.vehicle_created), (1, 0, 1))
        again = self._create_import(self._csv(rows, headers=headers), self.admin)
        again.action_apply()
        self.assertEqual(again.count_unchanged, 1)

    def test_new_model_needs_a_brand(self):
        """A model that the catalogue lacks is added with its brand, once; without brand it is left out."""
        headers = [*HEADERS, "品牌", "车型"]
        rows = [
            self._row(order=f"WX{number:03}", plate=f"沪B{number:05}", vin="", brand="大众", model="朗逸")
            for number in range(3)
        ]
        rows.append(self._row(order="WX009", plate="沪B00009", vin="", brand="", model="不详车型"))
        imp = self._apply(rows, headers=headers)
        model = self._find_order("WX000").vehicle_id.model_id
        self.assertEqual((model.name, model.brand_id.name), ("朗逸", "大众"))
        self.assertEqual(self._find_order("WX002").vehicle_id.model_id, model)
        self.assertIn("不详车型", imp.line_ids[3].note)

    def test_bad_files_get_a_sentence(self):
        """A file that is no table gets a sentence, and nothing else happens."""
        for content in (
            b"%PDF-1.7",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99,
            b"just one line",
            b"PK\x03\x04x",
        ):
            imp = self._create_import(content, self.admin)
            with self.assertRaises(UserError):
                imp.action_read_file()
        self.store.aftersales_import_max_rows = 3
        imp = self._create_import(self._csv([self._row(order=f"W{n}") for n in range(20)]), self.admin)
        with self.assertRaisesRegex(UserError, "more than 3 rows"):
            imp.action_apply()
        imp = self._create_import(self._csv([["1", "2026-03-03"]], headers=["单号", "进厂时间"]), self.admin)
        with self.assertRaisesRegex(UserError, "VIN or the plate"):
            imp.action_apply()
