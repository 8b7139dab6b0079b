from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import mute_logger

from .common_file import VINS
from .common_former_owner import REVIEWERS, SECRET, FormerOwnerCommon


class TestFormerOwner(FormerOwnerCommon):
    """DOMAIN 2: the car keeps its history; the new owner's people do not see the old owner, field by field."""

    def test_vehicle_field_by_field(self):
        """No field of the file, and no record that a field leads to, names the former owner."""
        for user in (self.advisor, self.advisor_2, self.crc):
            vehicle = self.as_user(self.vehicle, user)
            for name, told in self.readable(vehicle).items():
                with self.subTest(user=user.login, name=name):
                    self.assertNotIn(SECRET, told)
            for name, field in vehicle._fields.items():
                if field.type not in ("one2many", "many2many") or not vehicle._has_field_access(field, "read"):
                    continue
                # Consultants go on calling about the visits; that is their own work, not the file
                if user == self.crc and name in ("repair_order_ids", "callback_ids", "complaint_ids"):
                    continue
                lines = vehicle[name].with_context(active_test=False)
                for sub, told in self.readable(lines).items() if lines and lines.has_access("read") else ():
                    with self.subTest(user=user.login, name=name, sub=sub):
                        self.assertNotIn(SECRET, told)

    def test_new_owner_sees_the_car(self):
        """What belongs to the car is all there: numbers, readings, papers of the car, what was repaired."""
        vehicle = self.as_user(self.vehicle, self.advisor)
        self.assertRecordValues(
            vehicle,
            [
                {
                    "partner_id": self.buyer.id,
                    "contact_id": False,
                    "driver_id": False,
                    "brought_by_id": False,
                    "loan_lender": False,
                    "loan_due_date": False,
                    "note": False,
                    "vin": VINS[0],
                    "engine_number": "ENG1",
                    "state": "filed",
                }
            ],
        )
        self.assertEqual(vehicle.owner_since, vehicle.ownership_ids.date_from)
        codes = vehicle.document_ids.mapped("type_id.code")
        self.assertIn("conformity", codes)
        self.assertIn("licence", codes, "The new owner brings an own licence")
        self.assertIn("licence", vehicle.document_ids.filtered("is_missing").mapped("type_id.code"))

    def test_search_and_groups(self):
        """Neither the search box, nor a domain, nor a group finds the car by its former people."""
        vehicles = self.as_user(self.env["aftersales.vehicle"], self.advisor)
        for text in (SECRET, "13800138000", "1370000000"):
            self.assertFalse(vehicles.search([("search_text", "ilike", text)]))
            self.assertFalse(vehicles.name_search(text))
        domains = (
            [("ownership_ids.partner_id", "in", self.people.ids)],
            [("ownership_ids.partner_id.name", "ilike", SECRET)],
            [("document_ids.reference", "ilike", SECRET)],
            [("change_request_ids.reason", "ilike", SECRET)],
            [("change_request_ids.line_ids.old_value", "ilike", SECRET)],
            [("message_ids.body", "ilike", SECRET)],
            [("preference_ids.value", "ilike", SECRET)],
            [("repair_order_ids.customer_words", "ilike", SECRET)],
            [("repair_order_ids.partner_id.name", "ilike", SECRET)],
            [("approval_ids.note", "ilike", SECRET)],
        )
        for domain in domains:
            with self.subTest(domain=domain):
                self.assertFalse(vehicles.with_context(active_test=False).search(domain))
        for model, spec in (
            ("aftersales.vehicle.ownership", "partner_id"),
            ("aftersales.vehicle.document", "reference"),
            ("aftersales.change.request.line", "old_value"),
            ("aftersales.repair.order", "partner_id"),
            ("aftersales.preference", "value"),
        ):
            rows = self.as_user(self.env[model], self.advisor).formatted_read_group(
                [("vehicle_id", "=", self.vehicle.id)] if "vehicle_id" in self.env[model]._fields else [],
                [spec],
                ["__count"],
            )
            self.assertNotIn(SECRET, str(rows), model)

    def test_direct_read_refused(self):
        """Who kept an id from before gets nothing by it: rows, papers, requests, orders, messages, files."""
        chapter = self.vehicle.ownership_ids.filtered("date_to")
        messages = self.env["mail.message"].search(
            [("model", "=", "aftersales.vehicle.ownership"), ("res_id", "=", chapter.id)]
        )
        self.assertIn(f"{SECRET}聊天", str(messages.mapped("body")))
        sealed = (
            (chapter, "partner_id"),
            (self.licence.with_env(self.env), "reference"),
            (self.correction.with_env(self.env), "reason"),
            (self.request.with_env(self.env), "reason"),
            (self.correction.with_env(self.env).line_ids, "old_value"),
            (self.order.with_env(self.env), "customer_words"),
            (messages, "body"),
            (messages.attachment_ids, "name"),
            (self.licence.with_env(self.env).attachment_ids, "datas"),
        )
        for records, name in sealed:
            self.assertTrue(records)
            for user in (self.advisor, self.advisor_2):
                with self.subTest(model=records._name, user=user.login), self.assertRaises(AccessError):
                    self.as_user(records, user).read([name])
            for role in REVIEWERS:
                if records._name == "ir.attachment" and role == "admin":
                    continue
                with self.subTest(model=records._name, role=role):
                    self.as_user(records, getattr(self, role)).read([name])

    def test_messages(self):
        """The messages of the file begin with the new owner; changed names and values are not told in passing."""
        for user in (self.advisor, self.crc):
            messages = self.as_user(self.env["mail.message"], user).search(
                [("model", "=", "aftersales.vehicle"), ("res_id", "=", self.vehicle.id)]
            )
            told = str(messages.mapped("body")) + str(messages.sudo().tracking_value_ids.read())
            self.assertIn("new owner since", told)
            self.assertNotIn(SECRET, told)
            self.assertFalse(
                self.as_user(self.env["mail.message"], user).search(
                    Domain("body", "ilike", SECRET) & Domain("model", "like", "aftersales.vehicle")
                )
            )
        self.assertFalse(self.vehicle.message_partner_ids & self.people)

    def test_timeline(self):
        """The stream tells what was repaired, without the person; the person's own page keeps what was done for them."""
        for user in (self.advisor, self.crc):
            rows = self.as_user(self.vehicle, user).timeline_ids
            visit = rows.filtered(lambda row: row.kind == "order_former")
            self.assertIn("Brake pads", visit.summary)
            self.assertFalse(visit.partner_id)
            told = str(rows.read(["summary", "partner_id", "user_id"])) + str(rows.mapped("partner_id.display_name"))
            with self.subTest(user=user.login):
                if user == self.advisor:
                    self.assertNotIn(SECRET, told)
                    self.assertFalse(visit.can_open)
        self.assertFalse(
            self.as_user(self.env["aftersales.timeline"], self.advisor).search(
                [("vehicle_id", "=", self.vehicle.id), ("partner_id", "in", self.people.ids)]
            )
        )

    def test_decisions(self):
        """The decisions of that time stand, what was decided on is for reviewers."""
        rows = self.as_user(self.env["aftersales.approval"], self.advisor).search(
            [("res_model", "=", "aftersales.vehicle"), ("res_id", "=", self.vehicle.id)]
        )
        self.assertTrue(rows)
        self.assertFalse(any(rows.mapped("summary")))
        self.assertIn(SECRET, str(self.as_user(rows, self.manager).mapped("summary")))
        with self.assertRaises(AccessError):
            rows.read(["content"])

    def test_order_number_forgotten(self):
        """Nobody calls the former owner about a visit by the number kept on the order."""
        self.assertFalse(self.order.with_env(self.env).callback_phone)
        self.assertTrue(self.order.with_env(self.env).is_former_owner)
        self.assertEqual(self.order.with_env(self.env).partner_id, self.customer, "The record of the visit stays whole")

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_protected(self):
        """Nobody opens a chapter by writing the marks that close it."""
        for record, vals in (
            (self.licence, {"chapter_id": False}),
            (self.correction, {"is_sealed": False}),
            (self.order, {"is_former_owner": False}),
        ):
            with self.subTest(model=record._name), self.assertRaises(AccessError):
                self.as_user(record.with_env(self.env), self.admin).write(vals)
