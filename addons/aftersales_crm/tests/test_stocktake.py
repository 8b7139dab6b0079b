from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from .common_file import FileCommon


class TestStocktake(FileCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicles = cls.env["aftersales.vehicle"].create(
            [{"license_plate": f"沪C1000{i}", "partner_id": cls.customer.id} for i in range(4)]
        )
        cls.create_vehicle(cls.advisor_b, partner_id=False)
        cls.stocktake = (
            cls.env["aftersales.stocktake"]
            .with_user(cls.archivist)
            .with_context(allowed_company_ids=cls.store.ids)
            .create({"name": "2026", "date_start": "2026-01-05", "date_end": "2026-01-31"})
        )

    def test_campaign(self):
        """Every file of the store is on the list once; the coverage grows with each check, and the file knows the day."""
        self.stocktake.action_start()
        self.assertEqual(self.stocktake.line_ids.vehicle_id, self.vehicles)
        self.assertEqual(self.stocktake.coverage, 0)
        lines = self.stocktake.line_ids
        lines[0].action_correct()
        lines[1].action_missing()
        self.assertRecordValues(
            self.stocktake, [{"coverage": 50.0, "checked_count": 2, "pending_count": 2, "problem_count": 1}]
        )
        self.assertRecordValues(lines[0], [{"result": "correct", "user_id": self.archivist.id}])
        self.assertTrue(self.vehicles[0].last_stocktake_date)
        self.assertFalse(self.vehicles[0].is_stocktake_due)
        due = self.env["aftersales.vehicle"].search(
            [("is_stocktake_due", "=", True), ("company_id", "=", self.store.id)]
        )
        self.assertEqual(due, self.vehicles[2:])

    def test_idempotent(self):
        """Adding files twice adds the new ones only."""
        self.stocktake.action_start()
        new = self.env["aftersales.vehicle"].create({"license_plate": "沪C20000"})
        self.stocktake.action_add_files()
        self.stocktake.action_add_files()
        self.assertEqual(len(self.stocktake.line_ids), 5)
        self.assertIn(new, self.stocktake.line_ids.vehicle_id)

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_rights(self):
        """Only the archivist and the manager check; nobody writes a result or a date directly."""
        self.stocktake.action_start()
        line = self.stocktake.line_ids[0]
        for user in (self.advisor, self.crc, self.gm):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(line, user).action_correct()
        for vals in ({"result": "correct"}, {"date_checked": "2020-01-01 00:00:00"}):
            with self.assertRaises(AccessError):
                line.write(vals)
        with self.assertRaises(AccessError):
            self.stocktake.write({"state": "closed"})

    def test_closed(self):
        """A closed stocktake stays as it is."""
        self.stocktake.action_start()
        self.stocktake.action_close()
        with self.assertRaises(UserError):
            self.stocktake.line_ids[0].action_correct()
        with self.assertRaises(UserError):
            self.stocktake.line_ids[0].note = "late"
        with self.assertRaises(UserError):
            self.stocktake.unlink()

    def test_due_after_a_year(self):
        """A file is due again when the store's interval has passed."""
        self.stocktake.action_start()
        with freeze_time("2026-01-10 02:00:00"):
            self.stocktake.line_ids.action_correct()
        vehicle = self.vehicles[0]
        with freeze_time("2027-01-10 02:00:00"):
            vehicle.invalidate_recordset()
            self.assertFalse(vehicle.is_stocktake_due)
        with freeze_time("2027-01-11 02:00:00"):
            vehicle.invalidate_recordset()
            self.assertTrue(vehicle.is_stocktake_due)
            self.assertIn(vehicle, self.env["aftersales.vehicle"].search([("is_stocktake_due", "=", True)]))

    def test_chase(self):
        """A campaign past its day reminds the archivist, once."""
        self.stocktake.action_start()
        with freeze_time("2026-01-31 15:30:00"):
            self.env["aftersales.stocktake"]._cron_chase()
            self.assertFalse(self.stocktake.activity_ids)
        with freeze_time("2026-01-31 16:30:00"):
            self.env["aftersales.stocktake"]._cron_chase()
            self.env["aftersales.stocktake"]._cron_chase()
        self.assertRecordValues(self.stocktake.activity_ids, [{"user_id": self.archivist.id}])

    def test_start_flat(self):
        """Starting with many files costs as many queries as with a few."""
        counts = []
        for size in (10, 100):
            self.env["aftersales.vehicle"].with_context(tracking_disable=True).create(
                [{"license_plate": f"沪D{size}{i:04d}"} for i in range(size)]
            )
            stocktake = self.stocktake.copy({"name": str(size), "date_end": fields.Date.to_date("2026-02-28")})
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            stocktake.action_start()
            counts.append(self.env.cr.sql_log_count - before)
            stocktake.action_close()
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
