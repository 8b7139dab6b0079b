from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time
from odoo.tools import mute_logger

from .common_file import VINS, FileCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


class TestVehicle(FileCommon):
    # ------------------------------------------------------------
    # IDENTITY
    # ------------------------------------------------------------

    def test_numbers_normalized(self):
        """Plate, VIN and engine number are stored in the form in which they are compared."""
        vehicle = self.create_vehicle(license_plate="沪ａ·１２３４５", vin="1m8gdm9a xkp042788", engine_number=" ab12 ")
        self.assertRecordValues(
            vehicle,
            [{"license_plate": "沪A12345", "vin": VINS[0], "engine_number": "AB12", "plate_type": "ordinary"}],
        )
        vehicle.write({"license_plate": "沪AD·12345"})
        self.assertEqual((vehicle.license_plate, vehicle.plate_type), ("沪AD12345", "new_energy"))
        self.assertEqual(vehicle.plate_display, "沪A·D12345")

    def test_vin_malformed_refused(self):
        """A malformed VIN is refused with the reason, on creation and on change."""
        for vin, word in (("1M8GDM9AXKP04278", "17"), ("1M8GDM9AXKP04278O", "letter O"), ("1M8GDM9AXKP04278*", "*")):
            with self.subTest(vin=vin), self.assertRaises(ValidationError) as refusal:
                self.create_vehicle(vin=vin)
            self.assertIn(word, str(refusal.exception))
        vehicle = self.create_vehicle()
        with self.assertRaises(ValidationError):
            vehicle.write({"vin": "123"})

    def test_vin_check_digit_warns(self):
        """A wrong check digit warns for a Chinese car, is silent for an imported one, and blocks neither."""
        chinese = self.create_vehicle(vin="LSVAF2188B2123456")
        self.assertTrue(chinese.is_vin_suspect)
        self.assertIn("position 9", chinese.vin_warning)
        imported = self.create_vehicle(vin="WVWZZZ1JZXW000001", license_plate="沪B12345")
        self.assertFalse(imported.is_vin_suspect)
        self.assertFalse(imported.vin_warning)

    def test_plate_warns(self):
        """A plate that does not fit its type is kept, with a warning that says what is wrong."""
        vehicle = self.create_vehicle(license_plate="沪A1234")
        self.assertIn("7 characters", vehicle.plate_warning)
        vehicle.plate_type = "temporary"
        self.assertFalse(vehicle.plate_warning)

    def test_vin_unique_per_company(self):
        """A car never has two files in a store; another store may have its own, an archived file frees the VIN."""
        vehicle = self.create_vehicle()
        with self.assertRaises(ValidationError) as refusal:
            self.create_vehicle(license_plate="沪B99999", vin=VINS[0].lower())
        self.assertIn(vehicle.display_name, str(refusal.exception))
        self.create_vehicle(self.advisor_b, partner_id=False)
        vehicle.active = False
        second = self.create_vehicle()
        with self.assertRaises(ValidationError):
            vehicle.active = True
        self.assertTrue(second.active)

    def test_plate_unique_current(self):
        """A plate is unique among the current plates; cleared on the old car it may go to the next one."""
        first = self.create_vehicle()
        with self.assertRaises(ValidationError):
            self.create_vehicle(vin=VINS[1], license_plate="沪Ａ－１２３４５")
        first.license_plate = False
        self.assertTrue(self.create_vehicle(vin=VINS[1]))

    @mute_logger("odoo.sql_db")
    def test_unique_in_database(self):
        """Two workers at once end at the unique index, whatever Python saw."""
        self.create_vehicle()
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.create_vehicle(license_plate=False, vin=VINS[1])
            self.env.cr.execute(
                "UPDATE aftersales_vehicle SET vin = %s WHERE company_id = %s", (VINS[0], self.store.id)
            )

    def test_identity_needed(self):
        """A file without VIN and plate is refused: nobody would find it again."""
        with self.assertRaises(ValidationError):
            self.create_vehicle(vin=False, license_plate=" ")
        with self.assertRaises(ValidationError):
            self.create_vehicle(vin=False).license_plate = False

    def test_search_text(self):
        """One search box finds a file by plate, VIN fragment, engine, names and phones."""
        driver = self.env["res.partner"].create({"name": "王五", "phone": "021 6234 5678"})
        vehicle = self.create_vehicle(engine_number="ENG778899", driver_id=driver.id)
        self.create_vehicle(license_plate="沪B99999", vin=VINS[1], partner_id=self.buyer.id)
        vehicles = self.as_user(self.env["aftersales.vehicle"], self.admin)
        for text in ("沪a·123", "xkp0427", "ng7788", "张三", "王五", "13800138000", "0013 8000", "62345678"):
            with self.subTest(text=text):
                self.assertEqual(vehicles.search([("search_text", "ilike", text)]), vehicle)
                self.assertEqual(vehicles.name_search(text)[0][0], vehicle.id)

    def test_dates(self):
        """A car is not delivered before it is made."""
        with self.assertRaises(ValidationError):
            self.create_vehicle(manufacture_date="2025-05-01", delivery_date="2025-04-01")

    # ------------------------------------------------------------
    # LIFE
    # ------------------------------------------------------------

    def test_life_three_hands(self):
        """Draft, submitted, verified, filed: by three different people."""
        vehicle = self.create_vehicle()
        vehicle.action_submit()
        self.assertEqual(vehicle.state, "submitted")
        self.as_user(vehicle, self.manager).action_approval_approve()
        self.assertRecordValues(vehicle, [{"state": "verified", "verified_by_id": self.manager.id}])
        self.as_user(vehicle, self.archivist).action_approval_approve()
        self.assertRecordValues(vehicle, [{"state": "filed", "filed_by_id": self.archivist.id}])
        self.assertTrue(vehicle.date_filed)

    def test_life_incomplete(self):
        """Without owner, model or VIN a file cannot be submitted; the sentence names what lacks."""
        vehicle = self.create_vehicle(partner_id=False, vin=False)
        with self.assertRaises(UserError) as refusal:
            vehicle.action_submit()
        self.assertIn("Owner", str(refusal.exception))
        self.assertIn("VIN", str(refusal.exception))

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_approval")
    def test_life_independence(self):
        """Verifier ≠ creator, verifier ≠ submitter, archivist ≠ creator, archivist ≠ verifier: whatever the roles."""
        everything = ["group_aftersales_advisor", "group_aftersales_manager", "group_aftersales_archivist"]
        for user in (self.manager, self.manager_2):
            user.group_ids = [fields.Command.link(self.env.ref(f"aftersales_crm.{group}").id) for group in everything]
        own = self.create_vehicle(self.manager)
        own.action_submit()
        with self.assertRaises(AccessError):
            own.action_approval_approve()
        self.as_user(own, self.manager_2).action_approval_approve()
        for user in (self.manager, self.manager_2):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(own, user).action_approval_approve()
        self.as_user(own, self.archivist).action_approval_approve()
        self.assertEqual(own.state, "filed")
        submitted = self.create_vehicle(license_plate="沪B1Z345", vin=VINS[1])
        self.as_user(submitted, self.manager).action_submit()
        with self.assertRaises(AccessError):
            self.as_user(submitted, self.manager).action_approval_approve()

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_approval")
    def test_life_roles(self):
        """An advisor does not verify, a manager does not file, a consultant does not submit."""
        vehicle = self.create_vehicle()
        with self.assertRaises(AccessError):
            self.as_user(vehicle, self.crc).action_submit()
        vehicle.action_submit()
        with self.assertRaises(AccessError):
            self.as_user(vehicle, self.advisor_2).action_approval_approve()
        self.as_user(vehicle, self.manager).action_approval_approve()
        with self.assertRaises(AccessError):
            self.as_user(vehicle, self.manager_2).action_approval_approve()

    def test_life_return(self):
        """Each step may return with a reason; the file is a draft again, is mended and starts anew."""
        vehicle = self.create_vehicle()
        vehicle.action_submit()
        with self.assertRaises(UserError):
            self.as_user(vehicle._approval_pending(), self.manager).decide("returned", " ")
        self.decide_return(vehicle, self.manager)
        self.assertEqual(vehicle.state, "draft")
        vehicle.engine_number = "E2"
        vehicle.action_submit()
        self.as_user(vehicle, self.manager).action_approval_approve()
        self.decide_return(vehicle, self.archivist)
        self.assertRecordValues(vehicle, [{"state": "draft", "verified_by_id": False}])
        vehicle.engine_number = "E3"
        self.assertFalse(vehicle._approval_pending())
        self.file_vehicle(vehicle)
        self.assertEqual(
            vehicle.approval_ids.sudo().filtered(lambda r: r.purpose == "verify").mapped("round"), [3, 2, 1]
        )

    def test_life_take_back(self):
        """What waits for approval is locked and can be taken back."""
        vehicle = self.create_vehicle()
        vehicle.action_submit()
        with self.assertRaises(UserError):
            vehicle.engine_number = "E2"
        vehicle.action_take_back()
        self.assertEqual(vehicle.state, "draft")
        self.assertFalse(vehicle._approval_pending())
        vehicle.engine_number = "E2"

    def test_filed_locked(self):
        """The data card of a filed file refuses direct writes from every role and the superuser; events stay open."""
        vehicle = self.file_vehicle(self.create_vehicle())
        for user in (self.advisor, self.manager, self.admin, self.env.user):
            record = (
                self.as_user(vehicle, user)
                if user != self.env.user
                else self.env["aftersales.vehicle"].browse(vehicle.id)
            )
            for vals in (
                {"license_plate": "沪B1"},
                {"vin": VINS[1]},
                {"partner_id": self.buyer.id},
                {"engine_number": "X"},
                {"occupation": "Teacher"},
                {"active": False},
                {"company_id": self.store_b.id},
            ):
                with self.subTest(user=user.login, vals=vals), self.assertRaises(UserError):
                    record.write(vals)
            with self.assertRaises(UserError):
                record.unlink()
        advisor = self.as_user(vehicle, self.advisor)
        advisor.write({"inspection_due_date": "2030-01-01", "brought_by_id": self.buyer.id, "note": "Spare key"})
        # The same value is no change: an import may repeat what is known
        advisor.write({"license_plate": "沪Ａ·12345", "partner_id": self.customer.id})
        self.assertEqual(vehicle.partner_id, self.customer)

    @mute_logger(PROTECTED_LOG)
    def test_protected_fields(self):
        """Nobody writes state, signatures, readings or dates of visits directly, nor smuggles them in by context."""
        vehicle = self.create_vehicle()
        for user in (self.advisor, self.manager, self.archivist, self.gm, self.admin):
            for vals in ({"state": "filed"}, {"filed_by_id": user.id}, {"odometer": 5}, {"missing_document_count": 0}):
                with self.subTest(user=user.login, vals=vals), self.assertRaises(AccessError):
                    self.as_user(vehicle, user).write(vals)
        with self.assertRaises(AccessError):
            self.create_vehicle(vin=VINS[1], license_plate=False, state="filed")
        forged = (
            self.env["aftersales.vehicle"]
            .with_user(self.advisor)
            .with_context(default_state="filed", aftersales_protected_write=True, allowed_company_ids=self.store.ids)
            .create({"vin": VINS[1]})
        )
        self.assertEqual(forged.state, "draft")
        with self.assertRaises(AccessError):
            self.as_user(self.env["aftersales.vehicle.ownership"], self.admin).create(
                {"vehicle_id": vehicle.id, "partner_id": self.buyer.id, "date_from": "2020-01-01"}
            )
        with self.assertRaises(AccessError):
            self.as_user(vehicle.ownership_ids, self.admin).write({"partner_id": self.buyer.id})

    def test_delete_draft(self):
        """A draft that was never submitted may be deleted by an advisor."""
        self.create_vehicle().unlink()

    # ------------------------------------------------------------
    # PARTS OF THE FILE
    # ------------------------------------------------------------

    def test_odometer(self):
        """The odometer is the latest reading; one that went back is said, not refused."""
        vehicle = self.create_vehicle()
        readings = self.as_user(self.env["aftersales.vehicle.odometer"], self.crc)
        readings.create({"vehicle_id": vehicle.id, "date": "2025-01-01", "value": 10000})
        readings.create({"vehicle_id": vehicle.id, "date": "2024-06-01", "value": 5000})
        self.assertRecordValues(vehicle, [{"odometer": 10000, "odometer_warning": False}])
        readings.create({"vehicle_id": vehicle.id, "date": "2025-06-01", "value": 9000})
        self.assertEqual(vehicle.odometer, 9000)
        self.assertIn("went back", vehicle.odometer_warning)

    def test_insurance_end(self):
        """The file shows the day when the first kind of insurance runs out; a renewal moves it."""
        vehicle = self.create_vehicle()
        policies = self.as_user(self.env["aftersales.vehicle.insurance"], self.advisor)
        policies.create(
            [
                {"vehicle_id": vehicle.id, "kind": "compulsory", "insurer": "PICC", "date_end": "2026-03-01"},
                {"vehicle_id": vehicle.id, "kind": "commercial", "insurer": "PICC", "date_end": "2026-05-01"},
            ]
        )
        self.assertEqual(vehicle.insurance_end_date, fields.Date.to_date("2026-03-01"))
        policies.create({"vehicle_id": vehicle.id, "kind": "compulsory", "insurer": "PICC", "date_end": "2027-03-01"})
        self.assertEqual(vehicle.insurance_end_date, fields.Date.to_date("2026-05-01"))

    def test_preferences(self):
        """The card shows what the people of the car like; a consultant may add to it."""
        vehicle = self.create_vehicle()
        drink = self.env.ref("aftersales_crm.preference_kind_drink")
        self.as_user(self.env["aftersales.preference"], self.crc).create(
            {"vehicle_id": vehicle.id, "kind_id": drink.id, "value": "Green tea"}
        )
        self.assertEqual(vehicle.preference_summary, "Drink: Green tea")

    def test_company_rule(self):
        """Nobody sees files, papers and customers' wishes of another store; a group officer sees none at all."""
        vehicle = self.create_vehicle()
        self.env["aftersales.preference"].create(
            {
                "vehicle_id": vehicle.id,
                "kind_id": self.env.ref("aftersales_crm.preference_kind_drink").id,
                "value": "Tea",
            }
        )
        for name in ("vehicle", "vehicle.document", "vehicle.ownership", "preference"):
            model = self.env[f"aftersales.{name}"]
            self.assertTrue(self.as_user(model, self.gm).search_count([]))
            self.assertFalse(self.as_user(model, self.manager_b).search_count([]))
            with self.assertRaises(AccessError):
                self.as_user(model, self.officer).search([])

    def test_officer_sees_no_customer(self):
        """A group officer reads no customer's name or phone, only colleagues and the stores."""
        partners = self.as_user(self.env["res.partner"], self.officer)
        self.assertFalse(partners.search([("id", "in", (self.customer | self.buyer).ids)]))
        with self.assertRaises(AccessError):
            partners.browse(self.customer.id).read(["name", "phone"])
        self.assertTrue(partners.browse(self.store.partner_id.id).name)
        self.assertTrue(partners.browse(self.gm.partner_id.id).name)
        self.assertTrue(self.as_user(self.customer, self.advisor).name)

    def test_form(self):
        """The advisor opens a file on the screen; the plate tells its type at once."""
        with Form(self.as_user(self.env["aftersales.vehicle"], self.advisor)) as form:
            form.license_plate = "沪AD12345"
            form.vin = VINS[0]
            form.partner_id = self.customer
            form.model_id = self.car_model
            self.assertEqual(form.plate_type, "new_energy")
        vehicle = form.save()
        self.assertEqual(vehicle.ownership_ids.partner_id, self.customer)
        self.assertEqual(vehicle.missing_document_count, 6)

    def test_form_reads(self):
        """Every role of the store opens the screens of a filed file without an error."""
        vehicle = self.file_vehicle(self.create_vehicle())
        for user in (self.advisor, self.crc, self.archivist, self.manager, self.gm, self.admin):
            with self.subTest(user=user.login):
                Form(self.as_user(vehicle, user))

    def test_create_flat(self):
        """Opening many files costs hardly more queries than opening a few."""
        counts = []
        for start, size in ((0, 5), (100, 50)):
            vals_list = [
                {"license_plate": f"沪C{start + i:05d}", "partner_id": self.customer.id, "model_id": self.car_model.id}
                for i in range(size)
            ]
            vehicles = self.env["aftersales.vehicle"].with_context(tracking_disable=True)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            vehicles.create(vals_list)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 5, counts)

    def test_due_summary(self):
        """The file says at once what is late and what falls due within 30 days; what is far off stays silent."""
        with freeze_time("2026-03-01 02:00:00"):
            vehicle = self.create_vehicle(
                inspection_due_date="2026-02-20", warranty_end_date="2026-03-05", loan_due_date="2026-05-01"
            )
            self.assertEqual(vehicle.due_summary, "Inspection Due: 9 days late · Warranty End: in 4 days")
            vehicle.write({"inspection_due_date": "2027-02-20", "warranty_end_date": "2026-02-01"})
            self.assertFalse(vehicle.due_summary)
