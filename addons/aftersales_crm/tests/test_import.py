from odoo.tests import tagged

from .common_order import HEADERS, VIN_2, AftersalesOrderCommon

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

    def test_a_customer_is_written_to_in_the_language_of_the_store(self):
        """Letters to a new customer are in the store's language, whoever imports; a card that is there keeps its own."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.store.partner_id.lang = "zh_CN"
        self.assertEqual(self.admin.lang, "en_US")
        self._apply([self._row(**NEW_CAR), self._row(order="WX002")])
        self.assertEqual(self._find_order("WX001").partner_id.lang, "zh_CN")
        self.assertEqual(self._find_order("WX002").partner_id, self.owner)
        self.assertEqual(self.owner.lang, "en_US")

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
        self.assertFalse(any(line.changes for line in second.line_ids.sudo()))

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
