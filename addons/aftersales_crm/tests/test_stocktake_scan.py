from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form

from .common_file import VINS, FileCommon


class TestStocktakeScan(FileCommon):
    """The stocktake as a campaign: scanned line by line, coverage of the last 12 months, overdue files chased."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = cls.create_vehicle()
        cls.other = cls.create_vehicle(license_plate="沪B99999", vin=VINS[1])
        cls.stocktake = (
            cls.env["aftersales.stocktake"]
            .with_user(cls.archivist)
            .with_context(allowed_company_ids=cls.store.ids)
            .create({"name": "2026"})
        )

    def scan(self, code):
        self.stocktake.invalidate_recordset()
        form = Form(
            self.as_user(self.env["aftersales.stocktake.scan"], self.archivist).with_context(
                default_stocktake_id=self.stocktake.id
            )
        )
        form.code = code
        return form

    def test_jumps_to_the_line(self):
        """A plate in any form, a VIN or the end of one jumps to its line; what is not on the list is said."""
        self.stocktake.action_start()
        for code in ("沪ａ·12345", "1m8gdm9axkp042788", "042788"):
            self.assertEqual(self.scan(code).vehicle_id.id, self.vehicle.id, code)
        form = self.scan("沪C00000")
        self.assertFalse(form.line_id)
        self.assertIn("not on the list", form.message)
        with self.assertRaises(UserError):
            form.save().action_correct()

    def test_scan_and_go_on(self):
        """One button notes the result with who and when, and the dialog waits for the next number."""
        self.stocktake.action_start()
        form = self.scan("042788")
        form.note = "Copy of licence is old"
        action = form.save().action_corrected()
        self.assertEqual(action["res_model"], "aftersales.stocktake.scan")
        self.assertIn("Corrected", action["context"]["default_last_message"])
        line = self.stocktake.line_ids.filtered(lambda line: line.vehicle_id.id == self.vehicle.id)
        self.assertRecordValues(
            line, [{"result": "corrected", "user_id": self.archivist.id, "note": "Copy of licence is old"}]
        )
        self.assertEqual((self.stocktake.coverage, self.stocktake.year_coverage), (50.0, 50.0))
        self.assertEqual(self.stocktake.overdue_count, 1)

    def test_overdue_files_chased(self):
        """Files that nobody checked for 12 months bring a campaign on the archivist's list, once."""
        self.env.flush_all()
        self.env.cr.execute("UPDATE aftersales_vehicle SET create_date = '2020-01-01' WHERE id = %s", [self.vehicle.id])
        self.stocktake.unlink()
        model = self.env["aftersales.stocktake"]
        model._cron_chase()
        model._cron_chase()
        campaign = model.search([("company_id", "=", self.store.id)])
        self.assertRecordValues(campaign, [{"state": "draft", "user_id": self.archivist.id}])
        self.assertIn("1 files are overdue", campaign.activity_ids.summary)
        self.assertFalse(model.search([("company_id", "=", self.store_b.id)]))
        campaign.with_user(self.archivist).action_start()
        self.as_user(campaign.line_ids, self.archivist).action_correct()
        self.assertEqual(self.vehicle.last_stocktake_date, self.store._aftersales_today())
        self.assertLess(fields.Date.today(), fields.Date.add(self.vehicle.last_stocktake_date, months=12))
