import base64
import io

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import dms_file
from .common_order import HEADERS, VIN_1, VIN_2, AftersalesOrderCommon

NEW_CAR = {"plate": "沪B88888", "vin": VIN_2, "name": "李四", "phone": "13900139000"}
PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
class TestImport(AftersalesOrderCommon):
    # ------------------------------------------------------------
    # WHAT IS WRITTEN
    # ------------------------------------------------------------

    def test_order_of_known_car(self):
        """A row opens an order of the car that its VIN names, with times in the store's time zone."""
        imp = self._apply([self._row()])
        self.assertRecordValues(
            imp,
            [
                {
                    "state": "applied",
                    "count_create": 1,
                    "count_refused": 0,
                    "order_created": 1,
                    "vehicle_created": 0,
                    "partner_created": 0,
                    "applied_by_id": self.admin.id,
                }
            ],
        )
        self.assertRecordValues(
            self._find_order("WX001"),
            [
                {
                    "vehicle_id": self.vehicle.id,
                    "partner_id": self.owner.id,
                    "date_in": self.utc("2026-03-02 09:00"),
                    "date_out": self.utc("2026-03-02 16:30"),
                    "state": "delivered",
                    "kind": "maintenance",
                    "odometer": 45000,
                    "advisor_id": False,
                    "advisor_name": "陈静",
                    "amount_total": 880,
                    "callback_consent": "yes",
                    "import_id": imp.id,
                    "company_id": self.store.id,
                }
            ],
        )
        self.assertEqual(self.vehicle.last_service_date, self.utc("2026-03-02 16:30"))
        self.assertEqual(self.vehicle.odometer, 45000)

    def test_new_car_and_customer(self):
        """An unknown car gets a vehicle file in draft, created by the importer, and its customer a card."""
        imp = self._apply([self._row(**NEW_CAR)])
        vehicle = self._find_order("WX001").vehicle_id
        self.assertRecordValues(
            vehicle,
            [{"vin": VIN_2, "license_plate": "沪B88888", "state": "draft", "create_uid": self.admin.id}],
        )
        self.assertRecordValues(
            vehicle.partner_id, [{"name": "李四", "phone": "13900139000", "company_id": self.store.id}]
        )
        self.assertEqual((imp.vehicle_created, imp.partner_created), (1, 1))
        self.assertIn(VIN_2, imp.line_ids.detail_text)

    def test_advisor_who_is_a_user(self):
        """A name that is a user of the store becomes the advisor; a user of another store does not."""
        self._apply([self._row(advisor=self.advisor.name), self._row(order="WX002", advisor=self.advisor_b.name)])
        self.assertEqual(self._find_order("WX001").advisor_id, self.advisor)
        self.assertRecordValues(self._find_order("WX002"), [{"advisor_id": False, "advisor_name": self.advisor_b.name}])

    def test_lines_staff_and_comeback(self):
        """Work and parts become lines, technicians users where they are some, a comeback the link to its order."""
        headers = [*HEADERS, "维修项目", "工时费", "配件", "材料费", "维修技师", "返修原单号"]
        technician = f"{self.advisor_2.name}、孙师傅"
        rows = [
            self._row(total="300", works="换机油", work="100", parts="机油", part="200", staff=technician, comeback=""),
            self._row(
                order="WX002", date_in="2026-03-09 09:00", date_out="", total="50", works="重装", work="50", parts="",
                part="", staff="", comeback="WX001",
            ),
        ]  # fmt: skip
        imp = self._apply(rows, headers=headers)
        first, second = self._find_order("WX001"), self._find_order("WX002")
        self.assertRecordValues(
            first.line_ids,
            [
                {"line_type": "work", "name": "换机油", "amount": 100},
                {"line_type": "part", "name": "机油", "amount": 200},
            ],
        )
        self.assertRecordValues(
            first,
            [
                {
                    "amount_total": 300,
                    "technician_names": technician.replace("、", ", "),
                    "technician_ids": self.advisor_2.ids,
                    "is_first_time_fix": False,
                }
            ],
        )
        self.assertRecordValues(second, [{"comeback_of_id": first.id, "state": "open"}])
        again = self._apply(rows, headers=headers)
        self.assertEqual((imp.count_create, again.count_unchanged), (2, 2))

    def test_total_may_differ_from_lines(self):
        """The total of the file stands, also where a discount makes it less than its lines."""
        headers = [*HEADERS, "维修项目", "工时费"]
        self._apply([self._row(total="90", works="换机油", work="100")], headers=headers)
        self.assertRecordValues(self._find_order("WX001"), [{"amount_total": 90, "amount_work": 100}])

    # ------------------------------------------------------------
    # FINDING
    # ------------------------------------------------------------

    def test_by_plate_when_no_vin(self):
        """Without a VIN the current plate names the car, whatever its width and dots."""
        self._apply([self._row(vin="", plate="沪Ａ－１２３４５")])
        self.assertEqual(self._find_order("WX001").vehicle_id, self.vehicle)

    def test_vin_added_to_file_found_by_plate(self):
        """A file without VIN that the plate names gets the VIN of the row."""
        car = self.env["aftersales.vehicle"].create({"license_plate": "沪C00001", "company_id": self.store.id})
        self._apply([self._row(vin=VIN_2, plate="沪C00001", name="李四", phone="13900139000")])
        self.assertEqual(car.vin, VIN_2)
        self.assertEqual(self._find_order("WX001").vehicle_id, car)

    def test_plate_of_another_car(self):
        """The VIN decides: a plate that another file holds is left out with a remark, the order goes in."""
        imp = self._apply([self._row(vin=VIN_2, name="李四", phone="13900139000")])
        vehicle = self._find_order("WX001").vehicle_id
        self.assertRecordValues(vehicle, [{"vin": VIN_2, "license_plate": False}])
        self.assertEqual(self.vehicle.license_plate, "沪A12345")
        self.assertIn("沪A12345", imp.line_ids.note)

    def test_other_company_is_invisible(self):
        """Neither cars, customers nor orders of another company are found or touched."""
        self._apply([self._row()])
        imp = self._apply([self._row()], self.admin_b)
        order_b = self._find_order("WX001", self.store_b)
        self.assertNotEqual(order_b.vehicle_id, self.vehicle)
        self.assertNotEqual(order_b.partner_id, self.owner)
        self.assertEqual(order_b.vehicle_id.company_id, self.store_b)
        self.assertEqual(imp.count_create, 1)

    def test_customer_by_phone_and_name(self):
        """The same phone and name is the same customer; the same phone with another name is another one."""
        self._apply(
            [
                self._row(vin=VIN_2, plate="沪B88888"),
                self._row(order="WX002", vin="LSVAB4184E2184847", plate="沪B99999", name="王五"),
            ]
        )
        self.assertEqual(self._find_order("WX001").partner_id, self.owner)
        self.assertEqual(self._find_order("WX002").partner_id.name, "王五")

    def test_missing_phone(self):
        """A row without phone finds its customer by name at the car, and says that no callback is possible if new."""
        imp = self._apply([self._row(phone=""), self._row(order="WX002", **{**NEW_CAR, "phone": ""})])
        self.assertEqual(self._find_order("WX001").partner_id, self.owner)
        self.assertFalse(imp.line_ids[0].note)
        self.assertIn("phone is missing", imp.line_ids[1].note)
        self._apply([self._row(order="WX003", date_in="2026-03-05", date_out="", **NEW_CAR)])
        customer = self._find_order("WX002").partner_id
        self.assertEqual(customer.phone, "13900139000", "the phone that a later file tells is filled in")
        self.assertEqual(self._find_order("WX003").partner_id, customer)

    def test_another_owner_is_not_taken_over(self):
        """A file never changes the owner of a car; the order carries who brought it."""
        imp = self._apply([self._row(name="李四", phone="13900139000")])
        self.assertEqual(self.vehicle.partner_id, self.owner)
        self.assertEqual(self._find_order("WX001").partner_id.name, "李四")
        self.assertIn("owner", imp.line_ids.note)

    # ------------------------------------------------------------
    # IDEMPOTENCE, UPDATES
    # ------------------------------------------------------------

    def test_same_file_twice(self):
        """The second import of the same file changes nothing and says so."""
        rows = [self._row(), self._row(order="WX002", **NEW_CAR), self._row(order="WX003", vin="BAD")]
        first = self._apply(rows)
        counts = [self.env[name].search_count([]) for name in ("aftersales.vehicle", "res.partner")]
        stamp = self._find_order("WX002").write_date
        second = self._apply(rows)
        self.assertEqual(second.same_import_id, first)
        self.assertRecordValues(
            second, [{"count_create": 0, "count_update": 0, "count_unchanged": 2, "count_refused": 1}]
        )
        self.assertEqual([self.env[name].search_count([]) for name in ("aftersales.vehicle", "res.partner")], counts)
        self.assertEqual(self._find_order("WX002").write_date, stamp)
        self.assertFalse(any(line.changes for line in second.line_ids))

    def test_update_shows_old_and_new(self):
        """A changed cell is an update with its old and new value; an empty cell clears nothing."""
        self._apply([self._row(date_out="", total="100", consent="")])
        imp = self._create_import(self._csv([self._row(total="880.00", km="")]), self.admin)
        imp.action_dry_run()
        line = imp.line_ids
        self.assertEqual(line.result, "update")
        self.assertIn("100.0 → 880.0", line.change_text)
        order = self._find_order("WX001")
        self.assertEqual((order.amount_total, order.state), (100, "open"), "a dry run writes nothing")
        imp.action_apply()
        self.assertRecordValues(
            order, [{"amount_total": 880, "state": "delivered", "odometer": 45000, "callback_consent": "yes"}]
        )

    def test_dry_run_foretells(self):
        """The dry run counts what the real run then does, also for cars and customers named in several rows."""
        rows = [
            self._row(order=f"WX{number:03}", **{**NEW_CAR, "plate": f"沪B{number // 2:05}", "vin": ""})
            for number in range(8)
        ]
        imp = self._create_import(self._csv([*rows, rows[0], self._row(order="WX100")]), self.admin)
        names = ["count_create", "count_update", "count_unchanged", "count_refused", "order_created"]
        names += ["vehicle_created", "partner_created"]
        orders = self.env["aftersales.repair.order"].search_count([])
        imp.action_dry_run()
        foretold = imp.read(names)
        self.assertEqual(self.env["aftersales.repair.order"].search_count([]), orders)
        imp.action_apply()
        self.assertEqual(imp.read(names), foretold)
        self.assertEqual((imp.vehicle_created, imp.partner_created, imp.count_create), (4, 1, 9))

    def test_repeated_and_contradicting_rows(self):
        """A repeated row is nothing new; a row that contradicts an earlier one is refused, with its number."""
        imp = self._apply([self._row(), self._row(), self._row(total="900")])
        self.assertEqual(imp.line_ids.mapped("result"), ["create", "unchanged", "refused"])
        self.assertIn("row 2", imp.line_ids[1].note.lower())
        self.assertIn("合计", imp.line_ids[2].reason)
        self.assertEqual(self._find_order("WX001").amount_total, 880)

    def test_consent_is_never_widened(self):
        """Who declined callbacks stays so, whatever a later file says; who accepted can decline by file."""
        self._apply([self._row(consent="否"), self._row(order="WX002", consent="是")])
        imp = self._apply([self._row(consent="是"), self._row(order="WX002", consent="否")])
        self.assertEqual(self._find_order("WX001").callback_consent, "no")
        self.assertEqual(self._find_order("WX002").callback_consent, "no")
        self.assertIn("never takes that back", imp.line_ids[0].note)

    def test_order_of_another_car_refused(self):
        """An order number that the system has with another car is refused."""
        self._apply([self._row()])
        imp = self._apply([self._row(**NEW_CAR)])
        self.assertEqual(imp.line_ids.result, "refused")
        self.assertEqual(self._find_order("WX001").vehicle_id, self.vehicle)

    def test_cancelled_order_stays_cancelled(self):
        """An import does not bring a cancelled order back."""
        self._apply([self._row()])
        order = self._find_order("WX001")
        order.action_cancel("test drive")
        self._apply([self._row()])
        self.assertEqual(order.state, "cancelled")

    # ------------------------------------------------------------
    # FILED FILES
    # ------------------------------------------------------------

    def test_filed_vehicle_is_not_overwritten(self):
        """The card of a filed vehicle stays; the remark asks for a change request, and the order goes in."""
        self.vehicle._write_protected({"state": "filed"})
        headers = [*HEADERS, "发动机号", "年检到期日"]
        imp = self._apply([self._row(plate="沪A99999", engine="NEW1", due="2027-01-31")], headers=headers)
        self.assertRecordValues(self.vehicle, [{"license_plate": "沪A12345", "engine_number": False, "state": "filed"}])
        self.assertEqual(str(self.vehicle.inspection_due_date), "2027-01-31", "what is no card field is kept up")
        self.assertTrue(self._find_order("WX001"))
        note = imp.line_ids.note
        self.assertIn("change request", note)
        self.assertIn("沪A12345 → 沪A99999", note)
        self.assertIn("NEW1", note)
        again = self._apply([self._row(plate="沪A99999", engine="NEW1", due="2027-01-31")], headers=headers)
        self.assertEqual(again.line_ids.result, "unchanged")

    def test_phone_of_filed_customer_is_not_overwritten(self):
        """The phone of the owner of a filed car is not overwritten by a file."""
        self.vehicle._write_protected({"state": "filed"})
        imp = self._apply([self._row(phone="13711112222")])
        self.assertEqual(self.owner.phone, "13800138000")
        self.assertIn("phone differs", imp.line_ids.note)
        self.assertEqual(self._find_order("WX001").partner_id, self.owner)

    # ------------------------------------------------------------
    # BAD ROWS
    # ------------------------------------------------------------

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
            self.assertFalse(line.order_id or line.vehicle_id or line.changes)
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

    # ------------------------------------------------------------
    # FILES, SOURCES
    # ------------------------------------------------------------

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

    # ------------------------------------------------------------
    # RIGHTS
    # ------------------------------------------------------------

    def test_only_the_administrator_imports(self):
        """No other role reads, makes or applies an import, nor does the administrator of another store."""
        imp = self._create_import(self._csv([self._row()]), self.admin)
        for user in (self.advisor, self.crc, self.archivist, self.manager, self.gm, self.officer, self.admin_b):
            mine = self.as_user(imp, user)
            for method in ("action_read_file", "action_dry_run", "action_apply", "action_cancel", "action_reset"):
                with self.assertRaises(AccessError):
                    getattr(mine, method)()
            with self.assertRaises(AccessError):
                mine.read(["file"])
        with self.assertRaises(AccessError):
            self._create_import(self._csv([self._row()]), self.manager)

    def test_results_are_not_written_by_hand(self):
        """State, counts, rows and refused file of an import are its own."""
        imp = self._create_import(self._csv([self._row()]), self.admin)
        for vals in (
            {"state": "applied"},
            {"count_create": 5},
            {"user_id": self.manager.id},
            {"refused_file": b"eA=="},
        ):
            with self.assertRaises(AccessError), mute_logger(PROTECTED_LOG):
                imp.write(vals)
        imp.action_apply()
        for attack in (
            lambda: imp.line_ids.write({"reason": "x"}),
            lambda: imp.line_ids.unlink(),
            lambda: imp.line_ids.create({"import_id": imp.id, "result": "create"}),
        ):
            with self.assertRaises(AccessError):
                attack()
        for attack in (
            lambda: imp.write({"file": False}),
            lambda: imp.unlink(),
            imp.action_apply,
            imp.action_reset,
            imp.action_cancel,
        ):
            with self.assertRaises(UserError):
                attack()

    def test_forged_context_does_not_help(self):
        """Defaults in the context of a client reach neither the order's state nor its import."""
        imp = self._create_import(self._csv([self._row(date_out="", consent="", **NEW_CAR)]), self.admin)
        imp.with_context(
            default_state="delivered",
            default_is_cancelled=True,
            default_company_id=self.store_b.id,
            default_callback_consent="yes",
            default_partner_id=self.admin.partner_id.id,
            default_note="forged",
        ).action_apply()
        order = self._find_order("WX001")
        self.assertRecordValues(
            order, [{"state": "open", "company_id": self.store.id, "callback_consent": "not_asked"}]
        )
        self.assertFalse(order.vehicle_id.note)
        self.assertEqual(order.partner_id.name, "李四")

    def test_importer_cannot_verify(self):
        """The importer is the creator of the files that the import opened."""
        self._apply([self._row(**NEW_CAR)])
        self.assertEqual(self._find_order("WX001").vehicle_id.create_uid, self.admin)
        self.assertEqual(self._find_order("WX001").create_uid, self.admin)

    # ------------------------------------------------------------
    # SPEED
    # ------------------------------------------------------------

    def _count_queries(self, size, prefix):
        rows = [
            self._row(
                order=f"{prefix}{number:04}",
                plate=f"沪{prefix}{number:05}",
                vin="",
                name=f"客户{prefix}{number}",
                phone=f"139{ord(prefix)}{number:06}",
            )
            for number in range(size)
        ]
        imp = self._create_import(self._csv(rows), self.admin)
        imp.action_read_file()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        imp.action_dry_run()
        dry = self.env.cr.sql_log_count - before
        before = self.env.cr.sql_log_count
        imp.action_apply()
        self.env.flush_all()
        self.assertEqual(imp.count_create, size)
        return dry, self.env.cr.sql_log_count - before

    def test_queries_stay_flat(self):
        """Ten times the rows of a batch need hardly more queries."""
        self._count_queries(2, "C")
        small, large = self._count_queries(20, "D"), self._count_queries(200, "E")
        self.assertLessEqual(large[0], small[0] + 5)
        self.assertLessEqual(large[1], small[1] * 1.6)
