from odoo import fields
from odoo.fields import Command
from odoo.tests import Form

from .common_file import VINS, FileCommon


class TestCounter(FileCommon):
    """The file as the page at the counter, its timeline, and the car that is there already."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = cls.create_vehicle()

    def add_order(self, name, days, **values):
        now = fields.Datetime.now()
        order = (
            self.env["aftersales.repair.order"]
            .with_user(self.advisor)
            .with_context(allowed_company_ids=self.store.ids)
            .create(
                {
                    "name": name,
                    "vehicle_id": self.vehicle.id,
                    "date_in": fields.Datetime.subtract(now, days=days),
                    "line_ids": [Command.create({"name": f"Work of {name}", "price_unit": 100.0})],
                    **values,
                }
            )
        )
        order.date_out = fields.Datetime.subtract(now, days=days - 1)
        return order

    def add_complaint(self):
        return (
            self.env["aftersales.complaint"]
            .with_user(self.crc)
            .with_context(allowed_company_ids=self.store.ids)
            .create({"vehicle_id": self.vehicle.id, "partner_id": self.customer.id, "description": "It squeaks"})
        )

    def stream(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        return self.as_user(self.vehicle, user).timeline_ids

    # ------------------------------------------------------------
    # TIMELINE
    # ------------------------------------------------------------

    def test_one_stream(self):
        """Orders, complaints, ownership and file events stand in one stream, the latest first, each saying what it is."""
        self.add_order("WX-1", 20)
        self.add_order("WX-2", 10)
        complaint = self.add_complaint()
        rows = self.stream(self.manager)
        self.assertLessEqual({"file_opened", "owner", "order", "complaint"}, set(rows.mapped("kind")))
        self.assertEqual(rows.sorted("date", reverse=True).mapped("date"), rows.mapped("date"))
        texts = {row.kind: row.summary for row in rows}
        self.assertIn("Work of WX-", texts["order"])
        self.assertIn(complaint.name, texts["complaint"])
        self.assertEqual(texts["owner"], "张三")
        case = rows.filtered(lambda row: row.kind == "complaint")
        self.assertTrue(case.can_open)
        self.assertEqual(case.action_open_document()["res_id"], complaint.id)

    def test_rights_of_documents(self):
        """A row is there for whom may read its document, in the stream, in a search and in a group."""
        self.add_complaint()
        timeline = self.env["aftersales.timeline"]
        for user, sees in ((self.manager, True), (self.advisor, False), (self.archivist, False)):
            rows = self.stream(user)
            with self.subTest(user=user.login):
                self.assertEqual("complaint" in rows.mapped("kind"), sees)
                groups = self.as_user(timeline, user).formatted_read_group(
                    [("vehicle_id", "=", self.vehicle.id)], ["kind"], ["__count"]
                )
                self.assertEqual("complaint" in [group["kind"] for group in groups], sees)
        self.assertFalse(self.as_user(timeline, self.manager_b).search([("vehicle_id", "=", self.vehicle.id)]))

    def test_person(self):
        """The customer's page has the stream of the person, and what the visits were worth."""
        self.add_order("WX-1", 400)
        self.add_order("WX-2", 10)
        self.env["aftersales.consent"].with_user(self.crc).with_context(allowed_company_ids=self.store.ids).create(
            {"partner_id": self.customer.id}
        )
        self.env.invalidate_all()
        customer = self.as_user(self.customer, self.advisor)
        self.assertEqual(set(customer.aftersales_timeline_ids.mapped("kind")), {"order", "consent", "owner"})
        self.assertRecordValues(
            customer,
            [{"aftersales_order_count": 2, "aftersales_value_total": 200.0, "aftersales_value_year": 100.0}],
        )
        Form(customer, view="aftersales_crm.res_partner_view_form_aftersales")

    def test_flat(self):
        """The stream of a long history costs as many queries as that of a short one."""
        counts = []
        for number in (2, 20):
            for _row in range(number):
                self.add_order(f"WX-{number}-{_row}", 5)
            rows = self.as_user(self.env["aftersales.timeline"], self.manager).browse(self.stream(self.manager).ids)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows.read(["date", "kind", "summary", "can_open"])
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, counts)

    # ------------------------------------------------------------
    # COUNTER
    # ------------------------------------------------------------

    def test_troubles(self):
        """What went wrong last time stands on the page: declined advice, a comeback, an open case."""
        self.add_order("WX-1", 20, declined_advice="Front tyres")
        self.add_complaint()
        self.env.invalidate_all()
        for user in (self.advisor, self.crc, self.archivist):
            told = self.as_user(self.vehicle, user).trouble_summary
            self.assertIn("Front tyres", told)
            self.assertIn("Open case", told)
            self.assertNotIn("It squeaks", told)
        self.assertFalse(self.create_vehicle(vin=VINS[1], license_plate=False).trouble_summary)

    # ------------------------------------------------------------
    # DUPLICATES
    # ------------------------------------------------------------

    def test_duplicate_before_saving(self):
        """The same car is found while it is typed: other plate form, lower case, full width; with a link to its file."""
        self.vehicle.engine_number = "ENG77"
        for typed in (
            {"license_plate": "沪ａ－１２３４５"},
            {"license_plate": "沪A·12345"},
            {"vin": "1m8gdm9axkp042788"},
            {"vin": "１Ｍ８ＧＤＭ９ＡＸＫＰ０４２７８８"},
            {"engine_number": " eng77 "},
        ):
            form = Form(self.as_user(self.env["aftersales.vehicle"], self.advisor_2))
            for name, value in typed.items():
                form[name] = value
            with self.subTest(typed=typed):
                self.assertEqual(form.duplicate_id.id, self.vehicle.id)
                self.assertIn(f"/odoo/vehicle-files/{self.vehicle.id}", form.duplicate_notice)
        other = Form(self.as_user(self.env["aftersales.vehicle"], self.advisor_b))
        other.vin = VINS[0]
        self.assertFalse(other.duplicate_id, "Another store's files are not named")
        self.assertFalse(self.vehicle.duplicate_id)
