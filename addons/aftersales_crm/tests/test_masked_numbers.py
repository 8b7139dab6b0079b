from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tests import Form

from .common_file import VINS, FileCommon

NUMBERS = ("phone", "phone_sanitized", "aftersales_mailing_phone", "aftersales_identity_number")


class TestMaskedNumbers(FileCommon):
    """DOMAIN 9: phone, ID number and VIN tail are masked, and no protocol tells them: only a reveal, written down."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"aftersales_identity_number": "110101199001011234", "aftersales_mailing_phone": "+86 21 6234 5678"}
        )
        cls.staff = (cls.advisor, cls.crc, cls.archivist, cls.manager, cls.gm, cls.admin)

    def test_read_masked(self):
        """Reading gives the mask to every role of the store, whichever call reads; a colleague's number too."""
        self.gm.partner_id.phone = "+86 137 0000 1111"
        for user in self.staff:
            partners = self.as_user(self.env["res.partner"], user)
            customer = partners.browse(self.customer.id)
            with self.subTest(user=user.login):
                self.assertEqual(customer.read(["name", "phone"])[0]["phone"], "138****8000")
                self.assertEqual(customer.web_read({"phone": {}})[0]["phone"], "138****8000")
                domain = [("id", "=", customer.id)]
                self.assertEqual(partners.search_read(domain, ["phone"])[0]["phone"], "138****8000")
                found = partners.web_search_read(domain, {"phone": {}, "name": {}})["records"]
                self.assertEqual(found, [{"id": customer.id, "phone": "138****8000", "name": "张三"}])
                self.assertNotIn("phone", customer.fields_get(attributes=()))
                self.assertNotIn("8000", customer.display_name)
                self.assertEqual(
                    self.as_user(self.gm, user).read(["phone"])[0]["phone"],
                    "+86 137 0000 1111" if user == self.gm else "137****1111",
                )

    def attacks(self, user, name, vehicle):
        """Every way to learn of a number without reading it, as {what is done: function that does it}."""
        partners = self.as_user(self.env["res.partner"], user)
        vehicles = self.as_user(self.env["aftersales.vehicle"], user)
        customer = partners.browse(self.customer.id)
        return {
            "ilike": lambda: partners.search([(name, "ilike", "138")]),
            "compare": lambda: partners.search_count([(name, ">", "+86 13")]),
            "is set": lambda: partners.search([(name, "!=", False)]),
            "order": lambda: partners.search([], order=f"{name} desc", limit=1),
            "group": lambda: partners.formatted_read_group([], [name], ["__count"]),
            "aggregate": lambda: partners.formatted_read_group([], [], [f"{name}:array_agg"]),
            "path": lambda: vehicles.search([(f"partner_id.{name}", "ilike", "138")]),
            "any": lambda: vehicles.search([("partner_id", "any", [(name, "like", "8")])]),
            "export": lambda: customer.export_data([name]),
            "export path": lambda: vehicles.browse(vehicle.id).export_data([f"partner_id/{name}"]),
            "python": lambda: customer[name],
            "mapped": lambda: customer.mapped(name),
            "filtered": lambda: customer.filtered_domain([(name, "like", "8")]),
        }

    def test_oracles_refused(self):
        """What would tell a number without reading it is refused: search, comparison, order, group, export, paths."""
        vehicle = self.create_vehicle()
        for user in (*self.staff, self.officer):
            for name in NUMBERS:
                for attack, call in self.attacks(user, name, vehicle).items():
                    with self.subTest(user=user.login, name=name, attack=attack), self.assertRaises(UserError):
                        call()
        self.assertTrue(self.env["res.partner"].search([("phone", "ilike", "138 0013")]))

    def test_found_by_number(self):
        """Who has the number finds the person: by the search box of the customers and of the files."""
        customers = self.as_user(self.env["res.partner"], self.crc)
        for text in ("13800138000", "0013 8000", "张三", "62345678"):
            self.assertEqual(customers.search([("aftersales_find", "ilike", text)]), self.customer, text)
        self.assertIn(self.customer, customers.search([("aftersales_has_phone", "=", True)]))
        self.assertNotIn(self.customer, customers.search([("aftersales_has_phone", "=", False)]))

    def test_written_without_reading(self):
        """An advisor sets and replaces a number, also on a form of Odoo's own; the mask is never written back."""
        customer = self.as_user(self.customer, self.advisor)
        customer.write({"phone": "+86 136 2222 3333", "city": "上海"})
        self.assertEqual((self.customer.phone, self.customer.city), ("+86 136 2222 3333", "上海"))
        with self.assertRaises(UserError):
            customer.write({"phone": "136****3333"})
        with Form(customer, view="base.view_partner_form") as form:
            form.city = "杭州"
        self.assertEqual((self.customer.phone, self.customer.city), ("+86 136 2222 3333", "杭州"))
        with Form(self.as_user(self.env["res.partner"], self.advisor), view="base.view_partner_form") as form:
            form.name = "New"
            form.phone = "+86 135 1111 2222"
        self.assertEqual(form.record.sudo().phone, "+86 135 1111 2222")

    def test_no_trace_in_messages(self):
        """A changed number leaves no plain number in what the staff reads of the customer's messages."""
        self.as_user(self.customer, self.advisor).phone = "+86 136 2222 3333"
        self.flush_tracking_all()
        messages = self.as_user(self.customer, self.crc).message_ids
        told = str(messages._message_format()) if hasattr(messages, "_message_format") else str(messages.mapped("body"))
        for digits in ("138 0013 8000", "2222 3333"):
            self.assertNotIn(digits, told)
        with self.assertRaises(AccessError):
            self.as_user(self.env["mail.tracking.value"], self.admin).search_read([], ["old_value_char"])

    def flush_tracking_all(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_full_numbers_right(self):
        """The right apart from the roles reads in full; nobody has it by a role."""
        group = self.env.ref("aftersales_crm.group_aftersales_numbers")
        self.assertFalse(group.implied_by_ids)
        self.crc.group_ids = [Command.link(group.id)]
        customer = self.as_user(self.customer, self.crc)
        self.assertEqual(customer.read(["phone"])[0]["phone"], "+86 138 0013 8000")
        self.assertTrue(customer.search([("phone", "ilike", "138 0013")]))

    def test_vin_tail(self):
        """The tail of the VIN is for who keeps the file; a consultant reads the mask and asks for it by name."""
        vehicle = self.create_vehicle(license_plate=False)
        crc = self.as_user(vehicle, self.crc)
        self.assertEqual(crc.vin_masked, "1M8GDM9AXKP******")
        self.assertIn("1M8GDM9AXKP******", crc.display_name)
        for call in (
            lambda: crc.read(["vin"]),
            lambda: crc.search([("vin", "ilike", "0427")]),
            lambda: crc.search([], order="vin"),
            lambda: crc.formatted_read_group([], ["vin"], ["__count"]),
            lambda: self.as_user(self.env["aftersales.repair.order"], self.crc).search(
                [("vehicle_id.vin", "like", "1")]
            ),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertEqual(crc.search([("search_text", "ilike", "042788")]), vehicle)
        self.assertEqual(crc.action_aftersales_reveal_vin("service"), VINS[0])
        log = self.env["aftersales.reveal"].search([("vehicle_id", "=", vehicle.id)])
        self.assertRecordValues(log, [{"user_id": self.crc.id, "what": "vin", "purpose": "service"}])
        with self.assertRaises(UserError):
            crc.action_aftersales_reveal_vin("curiosity")
        for user in (self.advisor, self.archivist, self.manager, self.gm, self.admin):
            self.assertEqual(self.as_user(vehicle, user).read(["vin"])[0]["vin"], VINS[0])

    def test_vin_tail_in_changes(self):
        """What a consultant may not read of the file they do not read in its change requests and messages either."""
        vehicle = self.file_vehicle(self.create_vehicle())
        request = self.as_user(self.env["aftersales.change.request"], self.advisor)._ask(
            vehicle, {"vin": VINS[1], "engine_number": "E9"}, "Read again"
        )
        self.as_user(request, self.manager).action_approval_approve()
        lines = self.as_user(self.env["aftersales.change.request.line"], self.crc)
        self.assertEqual(lines.search([("request_id", "=", request.id)]).mapped("field_name"), ["engine_number"])
        with self.assertRaises(AccessError):
            lines.browse(request.line_ids.filtered(lambda line: line.field_name == "vin").id).read(["new_value"])
        self.assertNotIn(VINS[1], str(self.as_user(vehicle, self.crc).message_ids.mapped("body")))
        self.assertFalse(lines.search(Domain("new_raw", "ilike", VINS[1][:5])))
