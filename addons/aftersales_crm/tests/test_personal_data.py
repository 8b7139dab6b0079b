import base64
import json

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time
from odoo.tools import mute_logger

from ..tools.export_mark import is_export_mark
from .common_file import FileCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


class TestExport(FileCommon):
    """DOMAIN 9: exports only by right, logged, row-limited, watermarked with name and time."""

    def setUp(self):
        super().setUp()
        self.vehicle = self.create_vehicle()
        self.exporter = self.gm
        self.exporter.group_ids = [Command.link(self.env.ref("aftersales_crm.group_aftersales_export").id)]

    def export(self, user, *names, record=None):
        return self.as_user(record or self.vehicle, user).export_data(list(names or ("license_plate",)))["datas"]

    def test_right(self):
        """No role exports by itself, Odoo's own export right alone is not enough, and paths to customers count."""
        for user in (self.advisor, self.crc, self.archivist, self.manager, self.admin, self.officer):
            user.group_ids = [Command.link(self.env.ref("base.group_allow_export").id)]
            with self.subTest(user=user.login), self.assertRaises(UserError):
                self.export(user)
        with self.assertRaises(AccessError):
            self.export(self.advisor, "name", record=self.customer)
        with self.assertRaises(AccessError):
            self.export(self.advisor, "name", "partner_id/name", record=self.store)

    def test_logged_and_marked(self):
        """The file says who took it and when, in the store's time; the ledger keeps what was taken."""
        with freeze_time("2026-03-01 02:00:00"):
            rows = self.export(self.exporter, "license_plate", "partner_id/name")
        self.assertEqual(rows[0], ["沪A12345", "张三"])
        self.assertIn("Gm", rows[-1][0])
        self.assertIn("2026-03-01 10:00:00", rows[-1][0])
        log = self.as_user(self.env["aftersales.export.log"], self.manager).search([])
        self.assertRecordValues(
            log[0],
            [
                {
                    "user_id": self.gm.id,
                    "res_model": "aftersales.vehicle",
                    "field_names": "license_plate, partner_id/name",
                    "row_count": 1,
                }
            ],
        )
        grouped = self.export(self.exporter, ".id", "license_plate")
        self.assertEqual(grouped[-1][0], "", "A grouped export reads the first column as a number")

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_ledger_stands(self):
        """Nobody writes the ledger of exports or deletes from it."""
        self.export(self.exporter)
        log = self.env["aftersales.export.log"].search([], limit=1)
        for call in (lambda: log.write({"row_count": 0}), log.unlink, lambda: log.create({})):
            with self.assertRaises(AccessError):
                call()
        with self.assertRaises(AccessError):
            self.as_user(log, self.advisor).read(["row_count"])

    def test_row_limit(self):
        """More rows than the store allows are not exported."""
        self.store.aftersales_export_limit = 1
        other = self.create_vehicle(license_plate="沪B00001", vin=False)
        with self.assertRaises(UserError):
            self.export(self.exporter, record=self.vehicle | other)
        self.export(self.exporter)


class TestDataRequest(FileCommon):
    """DOMAIN 9: a person gets a copy and a correction; a deletion becomes "stored only", and erased at the end."""

    def ask(self, kind, user=None):
        user = user or self.crc
        return self.as_user(self.env["aftersales.data.request"], user).create(
            {"partner_id": self.customer.id, "kind": kind, "wish": "By letter", "company_id": self.store.id}
        )

    def answer(self, request, user=None):
        self.as_user(request, user or self.manager).action_carry_out()

    def add_visit(self, days):
        vehicle = (
            self.env["aftersales.vehicle"].search([("partner_id", "=", self.customer.id)]) or self.create_vehicle()
        )
        out = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        return self.env["aftersales.repair.order"].create(
            {
                "name": f"WX-{days}",
                "vehicle_id": vehicle.id,
                "company_id": self.store.id,
                "customer_words": "My own words",
                "date_in": out,
                "date_out": out,
            }
        )

    def test_who_answers(self):
        """Taken in by one person, answered by another, who is a manager; refused with a reason only."""
        request = self.ask("copy", self.manager)
        with self.assertRaises(UserError):
            self.answer(request, self.manager)
        with self.assertRaises(UserError):
            self.answer(request, self.advisor)
        with self.assertRaises(UserError):
            self.as_user(request, self.gm).action_refuse(" ")
        self.as_user(request, self.gm).action_refuse("Not the person")
        self.assertRecordValues(request, [{"state": "refused", "answer": "Not the person", "done_by_id": self.gm.id}])
        with self.assertRaises(UserError):
            self.answer(request, self.manager_2)
        with self.assertRaises(UserError):
            request.unlink()

    def test_refused_by_role(self):
        """Each kind may be refused, by manager or general manager, with a reason; nobody else, on no other way."""
        kinds = dict(self.env["aftersales.data.request"]._fields["kind"].selection)
        for kind in kinds:
            request = self.ask(kind)
            for user in (self.advisor, self.crc, self.archivist, self.admin, self.officer, self.manager_b):
                asked = self.as_user(request, user)
                with self.subTest(kind=kind, user=user.login), self.assertRaises(UserError):
                    asked.action_refuse("No")
                with self.subTest(kind=kind, user=user.login), self.assertRaises(UserError):
                    self.as_user(self.env["aftersales.data.request.refusal"], user).create(
                        {"request_ids": request.ids, "reason": "No"}
                    ).action_refuse()
            for forged in (
                {"state": "refused"},
                {"answer": "No"},
                {"done_by_id": self.gm.id},
                {"state": "refused", "answer": "No", "date_done": fields.Datetime.now()},
            ):
                for user in (self.advisor, self.manager, self.gm):
                    with (
                        self.subTest(kind=kind, forged=forged),
                        mute_logger(PROTECTED_LOG),
                        self.assertRaises(AccessError),
                    ):
                        self.as_user(request, user).write(forged)
            self.assertEqual(request.state, "received")
            for reason in ("", "  ", False):
                with self.subTest(kind=kind, reason=reason), self.assertRaises(UserError):
                    self.as_user(request, self.manager).action_refuse(reason)
            dialog = self.as_user(request, self.manager).action_refuse()
            self.as_user(self.env[dialog["res_model"]], self.manager).with_context(**dialog["context"]).create(
                {"reason": "Not the person"}
            ).action_refuse()
            self.assertRecordValues(request, [{"state": "refused", "answer": "Not the person"}])
            self.assertFalse(self.customer.aftersales_stored_only)
        with self.assertRaises(AccessError), mute_logger(PROTECTED_LOG):
            self.as_user(self.env["aftersales.data.request"], self.manager).create(
                {"partner_id": self.customer.id, "kind": "copy", "wish": "x", "state": "refused"}
            )

    def test_person_is_told(self):
        """The answer goes to the person by mail; without an address the request says who has to be told otherwise."""
        request = self.ask("copy")
        self.as_user(request, self.gm).action_refuse("Not the person")
        self.assertIn("no e-mail address", str(request.message_ids.mapped("body")))
        self.assertIn(request.name, str(self.customer.message_ids.mapped("body")))
        self.customer.email = "zhang@example.org"
        request = self.ask("withdrawal")
        consent = self.as_user(self.env["aftersales.consent"], self.crc).create({"partner_id": self.customer.id})
        self.answer(request)
        self.assertEqual(consent.state, "withdrawn")
        self.assertEqual(self.env["aftersales.consent"]._blocked_partners(self.customer), self.customer)
        self.assertIn(self.customer, request.message_ids.notified_partner_ids)
        self.env["res.lang"]._activate_lang("zh_CN")
        self.customer.lang = "zh_CN"
        request = self.ask("copy")
        self.answer(request)
        told = str(request.message_ids.filtered("partner_ids").body)
        self.assertIn("已办理", told)
        self.assertIn("副本已备好", told, "The whole answer is in the person's language")
        self.assertIn("The copy is ready", request.answer)
        self.assertNotIn(self.customer, request.message_partner_ids, "Told once, not told of what follows")

    def test_copy_guarded(self):
        """A copy is as good as an export: who answers requests reads it, nobody else, and it is written down."""
        request = self.ask("copy")
        before = self.env["aftersales.export.log"].search_count([])
        self.answer(request)
        self.assertEqual(self.env["aftersales.export.log"].search_count([]), before + 1)
        for user in (self.advisor, self.crc, self.archivist, self.admin):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(request, user).read(["copy_file"])
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(request, user).read(["copy_page"])
        content = json.loads(base64.b64decode(self.as_user(request, self.manager).copy_file))
        self.assertIn(self.manager.name, str(content["about"]))

    def test_copy(self):
        """The copy holds every section of the person's data, the numbers in full, of this store alone."""
        self.add_visit(3)
        request = self.ask("copy")
        self.answer(request)
        content = json.loads(base64.b64decode(request.sudo().copy_file))
        self.assertLessEqual({"card", "vehicles", "consents", "preferences", "visits"}, set(content))
        self.assertIn("+86 138 0013 8000", str(content["card"]))
        self.assertIn("My own words", str(content["visits"]))

    def test_stored_only(self):
        """From the deletion request on: not callable, no consent, not exported; erased six years after the last visit."""
        self.add_visit(10)
        consent = self.as_user(self.env["aftersales.consent"], self.crc).create({"partner_id": self.customer.id})
        self.answer(self.ask("deletion"))
        last = fields.Date.subtract(self.store._aftersales_today(), days=10)
        self.assertRecordValues(
            self.customer, [{"aftersales_stored_only": True, "aftersales_do_not_call": True, "active": True}]
        )
        self.assertGreaterEqual(self.customer.aftersales_erase_date, fields.Date.add(last, years=6))
        self.assertEqual(consent.state, "withdrawn")
        self.assertEqual(self.env["aftersales.consent"]._blocked_partners(self.customer), self.customer)
        with self.assertRaises(UserError):
            self.as_user(self.customer, self.crc).action_aftersales_allow_calls("Please")
        self.gm.group_ids = [Command.link(self.env.ref("aftersales_crm.group_aftersales_export").id)]
        people = self.as_user(self.customer | self.buyer, self.gm).export_data(["name"])["datas"]
        self.assertNotIn("张三", str(people))
        self.assertIn("李四", str(people))
        vehicles = self.env["aftersales.vehicle"].search([("partner_id", "=", self.customer.id)])
        self.assertFalse(self.as_user(vehicles, self.gm).export_data(["license_plate"])["datas"])

    def test_erased_at_the_end(self):
        """When the time is over the scheduled action takes off what names the person; the visit stays without it."""
        order = self.add_visit(365 * 7)
        self.env["aftersales.vehicle.ownership"].search([]).flush_recordset()
        self.env.cr.execute(
            "UPDATE aftersales_vehicle_ownership SET date_from = '2015-01-01' WHERE partner_id = %s", [self.customer.id]
        )
        self.env.invalidate_all()
        self.answer(self.ask("deletion"))
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_erase")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
            self.assertFalse(self.customer.aftersales_erased, "Not before the day is over")
            with freeze_time(fields.Date.add(self.customer.aftersales_erase_date, days=2)):
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertRecordValues(
            self.customer, [{"phone": False, "aftersales_erased": True, "active": False, "phone_sanitized": False}]
        )
        self.assertNotIn("张三", self.customer.name)
        self.assertRecordValues(order, [{"customer_words": False, "state": "delivered"}])

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_protected(self):
        """Nobody lifts the marks or answers by writing the state."""
        request = self.ask("deletion")
        for user in (self.advisor, self.manager, self.admin):
            with self.assertRaises(AccessError):
                self.as_user(self.customer, user).write({"aftersales_stored_only": False})
            with self.assertRaises(AccessError):
                self.as_user(request, user).write({"state": "done"})
        with self.assertRaises(AccessError):
            self.as_user(request, self.manager_b).read(["wish"])


class TestExportComesBack(FileCommon):
    """A file that was exported here ends with its mark; who drops it again gets no record of that."""

    def setUp(self):
        super().setUp()
        self.vehicle = self.create_vehicle()
        self.gm.group_ids = [Command.link(self.env.ref("aftersales_crm.group_aftersales_export").id)]

    def export(self, *names, user=None):
        return self.as_user(self.vehicle, user or self.gm).export_data(list(names))["datas"]

    def test_load(self):
        """Odoo's own import takes the mark for nothing, in each language, wherever the first column leads."""
        self.env["res.lang"]._activate_lang("zh_CN")
        for lang in ("en_US", "zh_CN"):
            for names in (["id", "note"], ["note", "id"], [".id", "note"]):
                rows = self.as_user(self.vehicle, self.gm).with_context(lang=lang).export_data(names)["datas"]
                with self.subTest(lang=lang, names=names):
                    self.assertTrue(is_export_mark(rows[-1]))
                    self.assertEqual([is_export_mark(row) for row in rows[:-1]], [False])
                    before = self.env["aftersales.vehicle"].search_count([])
                    result = self.as_user(self.vehicle, self.advisor).load(names, rows)
                    self.assertEqual(result["ids"], self.vehicle.ids, result["messages"])
                    self.assertEqual(self.env["aftersales.vehicle"].search_count([]), before)

    def test_dms_import(self):
        """The import of the store leaves the mark out and says so."""
        mark = self.export("license_plate", "vin")[-1]
        content = f"车牌号,车架号,备注\r\n沪C00001,,\r\n{mark[0]},,\r\n".encode()
        imported = self.as_user(self.env["aftersales.import"], self.admin).create(
            {"file": base64.b64encode(content), "file_name": "export.csv", "company_id": self.store.id}
        )
        imported.action_apply()
        self.assertRecordValues(imported, [{"row_count": 1, "count_create": 1, "count_refused": 0, "state": "applied"}])
        self.assertIn("who exported this file", str(imported.message_ids.mapped("body")))

    def test_stored_only_parts(self):
        """Parts of documents of a person whose data are kept by duty alone are not exported either."""
        order = self.env["aftersales.repair.order"].create(
            {
                "vehicle_id": self.vehicle.id,
                "company_id": self.store.id,
                "line_ids": [Command.create({"name": "Brake pads"})],
            }
        )
        lines = self.as_user(order.line_ids, self.gm)
        self.assertIn("Brake pads", str(lines.export_data(["name"])["datas"]))
        self.customer.sudo()._aftersales_store_only(self.store)
        for records in (lines, self.as_user(self.vehicle.document_ids, self.gm), self.as_user(order, self.gm)):
            with self.subTest(model=records._name):
                self.assertTrue(records)
                self.assertFalse(records.export_data(["display_name"])["datas"])
