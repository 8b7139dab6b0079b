from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_order import VIN_2, AftersalesOrderCommon

NEW_CAR = {"plate": "沪B88888", "vin": VIN_2, "name": "李四", "phone": "13900139000"}
PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
class TestImportRights(AftersalesOrderCommon):
    """Who imports, what nobody writes by hand, and that a batch costs few queries."""

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

    def test_phones_are_masked(self):
        """The rows, their changes and the sample values show phones masked; the rows as they were read are the system's."""
        imp = self._apply([self._row(**NEW_CAR)])
        self._apply([self._row(order="WX002", **{**NEW_CAR, "phone": ""})])
        self._find_order("WX001").partner_id.sudo().phone = False
        again = self._apply([self._row(order="WX003", date_in="2026-03-05", date_out="", **NEW_CAR)])
        texts = [*imp.line_ids.mapped("detail_text"), *imp.column_ids.mapped("sample")]
        texts += [*again.line_ids.mapped("change_text"), *again.line_ids.mapped("detail_text")]
        shown = "\n".join(filter(None, texts))
        self.assertNotIn("13900139000", shown)
        self.assertIn("139****9000", again.line_ids.change_text)
        self.assertIn("139****9000", imp.line_ids.detail_text)
        for name in ("raw", "changes"):
            with self.assertRaises(AccessError):
                imp.line_ids.read([name])

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
