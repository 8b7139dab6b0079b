from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tests import Form
from odoo.tools import mute_logger

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


class TestNumberOracles(FileCommon):
    """What only sees the mask learns no further digit by comparing, sorting, grouping, exporting or core's own searches.

    The search boxes find a person by three digits and more, and a car by any fragment: they are told so
    (`docs/privacy.md`). Nothing else may answer a question about a hidden character.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.write(
            {"aftersales_identity_number": "110101199001011234", "aftersales_mailing_phone": "+86 21 6234 5678"}
        )
        cls.vehicle = cls.create_vehicle().with_env(cls.env)
        cls.order = cls.env["aftersales.repair.order"].create(
            {"vehicle_id": cls.vehicle.id, "company_id": cls.store.id, "callback_phone": "13799998888"}
        )
        cls.staff = (cls.advisor, cls.crc, cls.archivist, cls.manager, cls.gm, cls.admin)

    def oracles(self, model, name, begin, user):
        """Every question about the hidden characters of a field, as {what: call that must be refused}."""
        records = self.as_user(self.env[model], user)
        questions = {
            f"{operator} {value}": lambda o=operator, v=value: records.search_count([(name, o, v)])
            for operator, value in (
                ("=like", f"{begin}%"),
                ("=ilike", f"{begin}_%"),
                ("like", begin),
                ("not like", begin),
                ("not ilike", begin),
                ("<", f"{begin}5"),
                (">=", f"{begin}5"),
                ("in", [begin]),
                ("not in", [begin]),
                ("!=", begin),
            )
        }
        return questions | {
            "any": lambda: records.search_count([("id", "any", [(name, "like", begin)])]),
            "order": lambda: records.search([], order=f"{name} asc"),
            "order desc": lambda: records.search_read([], ["id"], order=f"id, {name} desc"),
            "group": lambda: records.formatted_read_group([], [name], ["__count"]),
            "group web": lambda: records.web_read_group([], [name], ["__count"]),
            "max": lambda: records.formatted_read_group([], ["id"], [f"{name}:max"]),
            "min": lambda: records.formatted_read_group([], [], [f"{name}:min"]),
            "count distinct": lambda: records.formatted_read_group([], [], [f"{name}:count_distinct"]),
            "having": lambda: records.formatted_read_group(
                [], ["id"], ["__count"], having=[(f"{name}:max", ">", begin)]
            ),
            "group order": lambda: records.formatted_read_group([], ["id"], ["__count"], order=f"{name}:max"),
            "panel": lambda: records.search_panel_select_range(name),
            "export": lambda: records.search([]).export_data([name]),
            "progress": lambda: records.read_progress_bar([], "id", {"field": name, "colors": {begin: "danger"}}),
        }

    def assert_refused(self, questions, **where):
        """Each question ends in a refusal; an answer, even "nobody", is a leak. They are collected: it is many of them."""
        for question, call in questions.items():
            try:
                with self.env.cr.savepoint():
                    answer = call()
            except (UserError, ValueError, KeyError):
                continue
            with self.subTest(question=question, **where):
                self.fail(f"answered {str(answer)[:200]}")

    def test_columns(self):
        """Each column that holds a number, of each model, for each role that reads its mask."""
        for user in self.staff:
            for name in NUMBERS:
                self.assert_refused(self.oracles("res.partner", name, "138", user), user=user.login, name=name)
            for name in ("aftersales_phone_digits", "aftersales_name_grams"):
                self.assert_refused(self.oracles("res.partner", name, "138", user), user=user.login, name=name)
            self.assert_refused(
                self.oracles("aftersales.repair.order", "callback_phone", "137", user), user=user.login, name="order"
            )
            for name in (*NUMBERS, "aftersales_phone_digits"):
                self.assert_refused(self.oracles("res.users", name, "138", user), user=user.login, name=f"user {name}")
        for user in (self.crc, self.gm, self.manager):
            self.assert_refused(
                self.oracles("aftersales.callback.attempt", "phone", "137", user), user=user.login, name="attempt"
            )
        self.assert_refused(self.oracles("aftersales.vehicle", "vin", "1M8", self.crc), name="vin")

    def test_paths(self):
        """The same questions asked through whatever leads to the person or the car."""
        ways = {
            "aftersales.vehicle": (
                "partner_id.phone",
                "contact_id.phone_sanitized",
                "partner_id.aftersales_phone_digits",
            ),
            "aftersales.repair.order": ("partner_id.phone", "vehicle_id.partner_id.aftersales_identity_number"),
            "aftersales.callback": ("partner_id.phone", "repair_order_id.callback_phone"),
            "aftersales.complaint": ("partner_id.aftersales_mailing_phone", "repair_order_id.callback_phone"),
            "aftersales.consent": ("partner_id.phone",),
            "aftersales.preference": ("partner_id.phone",),
            "aftersales.vehicle.ownership": ("partner_id.phone",),
            "res.users": ("partner_id.phone",),
        }
        for user in (self.advisor, self.crc, self.gm):
            for model, names in ways.items():
                for name in names:
                    self.assert_refused(self.oracles(model, name, "138", user), user=user.login, model=model, name=name)
        for model in ("aftersales.repair.order", "aftersales.callback", "aftersales.complaint", "aftersales.consent"):
            name = "partner_id.aftersales_vehicle_ids.vin" if model == "aftersales.consent" else "vehicle_id.vin"
            self.assert_refused(self.oracles(model, name, "1M8", self.crc), model=model, name=name)

    def test_core_phone_search(self):
        """Odoo's own search by phone finds by three digits and more; prefixes, patterns and comparisons it refuses."""
        for user in self.staff:
            partners = self.as_user(self.env["res.partner"], user)
            for operator, value in (
                ("=like", "+861380%"),
                ("=ilike", "%8000"),
                (">", "+861380"),
                ("<", "+861380"),
                (">=", "1380"),
                ("ilike", "00"),
                ("ilike", "0_0%"),
            ):
                with self.subTest(user=user.login, operator=operator, value=value), self.assertRaises(UserError):
                    partners.search_count([("phone_mobile_search", operator, value)])
            self.assertIn(self.customer, partners.search([("phone_mobile_search", "ilike", "00138")]))
            self.assertIn(self.customer, partners.search([("phone_mobile_search", "=", "+86 138 0013 8000")]))
            self.assertNotIn(self.customer, partners.search([("phone_mobile_search", "=", False)]))
        self.assertIn(self.customer, self.env["res.partner"].search([("phone_mobile_search", "=like", "+86138%")]))

    def test_search_boxes(self):
        """The search boxes take a fragment and nothing that compares: no prefix, no pattern, no order."""
        for model, name in (("res.partner", "aftersales_find"), ("aftersales.vehicle", "search_text")):
            records = self.as_user(self.env[model], self.crc)
            for operator in ("=like", "=ilike", "<", ">", "<=", ">="):
                with self.subTest(model=model, operator=operator), self.assertRaises(UserError):
                    records.search([(name, operator, "138")])
            for pattern in ("1_8", "13%138000", "1M8%", "1M8G_M9"):
                with self.subTest(model=model, pattern=pattern):
                    self.assertFalse(records.search([(name, "ilike", pattern)]), "A pattern means itself")
            self.assert_refused({"order": lambda r=records, n=name: r.search([], order=n)}, model=model)
        vehicles = self.as_user(self.env["aftersales.vehicle"], self.crc)
        for operator in ("=like", "=ilike"):
            with self.subTest(operator=operator):
                self.assertFalse(vehicles.name_search("1M8GDM9AXKP04%", operator=operator))

    @mute_logger("odoo.addons.mail.models.mail_render_mixin", "odoo.addons.base.models.ir_qweb")
    def test_templates(self):
        """A mail template of one's own, in Odoo's composer or sent, does not render the number."""
        model = self.env["ir.model"]._get("res.partner")
        for user in (self.advisor, self.crc, self.manager):
            texts = []
            try:
                template = self.as_user(self.env["mail.template"], user).create(
                    {
                        "name": "Mine",
                        "model_id": model.id,
                        "subject": "{{ object.phone }}",
                        "body_html": '<p t-out="object.phone"/><p t-out="object.sudo().phone"/>',
                    }
                )
            except UserError:
                continue
            calls = {
                "send": lambda t=template: self.env["mail.mail"].browse(t.send_mail(self.customer.id)).body_html,
                "compose": lambda t=template, u=user: (
                    self.as_user(self.env["mail.compose.message"], u)
                    .create({"model": "res.partner", "res_ids": str(self.customer.ids), "template_id": t.id})
                    .read(["subject", "body"])
                ),
            }
            for what, call in calls.items():
                try:
                    with self.env.cr.savepoint():
                        texts.append(str(call()))
                except (UserError, ValueError):
                    continue
                with self.subTest(user=user.login, what=what):
                    for digits in ("138 0013 8000", "13800138000"):
                        self.assertNotIn(digits, texts[-1])

    def test_order_phone_masked(self):
        """The phone to use for a callback is masked on the order and in the ledger of calls; shown on demand, noted."""
        for user in (self.advisor, self.crc, self.admin):
            order = self.as_user(self.order, user)
            with self.subTest(user=user.login):
                self.assertEqual(order.read(["callback_phone"])[0]["callback_phone"], "137****8888")
                self.assertEqual(order.web_read({"callback_phone": {}})[0]["callback_phone"], "137****8888")
                with self.assertRaises(AccessError):
                    order.mapped("callback_phone")
        for user in (self.archivist, self.gm):
            with self.assertRaises(AccessError):
                self.as_user(self.order, user).action_aftersales_reveal_callback_phone("callback")
        order = self.as_user(self.order, self.crc)
        with self.assertRaises(UserError):
            order.action_aftersales_reveal_callback_phone("curiosity")
        self.assertEqual(order.action_aftersales_reveal_callback_phone("callback"), "13799998888")
        look = self.env["aftersales.reveal"].search([], limit=1)
        self.assertRecordValues(
            look, [{"user_id": self.crc.id, "what": "callback_phone", "partner_id": self.customer.id}]
        )
        with self.assertRaises(UserError):
            order.write({"callback_phone": "137****8888"})
        order.write({"callback_phone": "021-12345678", "callback_time": "evening"})
        self.assertEqual((self.order.callback_phone, self.order.callback_time), ("021-12345678", "evening"))
        dialog = order.action_open_reveal()
        wizard = self.as_user(self.env[dialog["res_model"]], self.crc).with_context(**dialog["context"])
        shown = wizard.create({"purpose": "callback"}).action_reveal()
        self.assertEqual(shown["params"]["message"], "021-12345678")
        with Form(self.as_user(self.order, self.advisor)) as form:
            form.callback_time = "morning"
        self.assertEqual(self.order.callback_phone, "021-12345678", "A form that shows the mask does not write it")
        with Form(self.as_user(self.env["aftersales.repair.order"], self.advisor)) as form:
            form.vehicle_id = self.vehicle
            form.callback_phone = "13512345678"
        self.assertEqual(form.record.sudo().callback_phone, "13512345678")
