from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCommon

from .common_case import AftersalesCaseCommon

MAIL = """Return-Path: <{sender_address}>
From: {sender}
To: {to}
Subject: {subject}
Message-Id: {message_id}
Date: Sun, 22 Nov 2026 10:00:00 +0800
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

{body}
"""
MAIL_WITH_FILE = """Return-Path: <{sender_address}>
From: {sender}
To: {to}
Subject: {subject}
Message-Id: {message_id}
{headers}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset="utf-8"

{body}
--b
Content-Type: image/png; name="scratch.png"
Content-Disposition: attachment; filename="scratch.png"
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
--b--
"""


@tagged("post_install", "-at_install")
class TestComplaintMail(AftersalesCaseCommon, MailCommon):
    """The complaint address of a store."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for store, name in ((cls.store, "complaints-a"), (cls.store_b, "complaints-b")):
            store.alias_domain_id = cls.mail_alias_domain
            store.aftersales_complaint_alias_name = name
        cls.store.aftersales_mail_owner_id = cls.crc
        cls.address = f"complaints-a@{cls.alias_domain}"
        cls.owner.email = "wang@example.com"
        cls.numbers = iter(range(1, 10_000))

    def receive(self, subject="Rattle", body="It rattles.", sender="Wang <wang@example.com>", **values):
        """Deliver a mail and return the cases that were opened by it."""
        before = self.env["aftersales.complaint"].search([])
        headers = "".join(f"{name}: {value}\n" for name, value in values.pop("headers", {}).items())
        text = values.pop("template", MAIL).format(
            subject=subject,
            body=body,
            sender=sender,
            sender_address=values.pop("sender_address", sender.split("<")[-1].rstrip(">")),
            to=values.pop("to", self.address),
            message_id=f"<mail-{next(self.numbers)}@customer.example>",
            headers=headers,
        )
        with self.mock_mail_gateway(), mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(False, text)
        return self.env["aftersales.complaint"].search([]) - before

    def test_opens_a_case(self):
        """A mail opens a case of the store of the address: complainant, car, words, owner, clocks, acknowledgement."""
        case = self.receive(body="It rattles since Monday.\n\n> quoted words of ours")
        self.assertRecordValues(
            case,
            [
                {
                    "source": "email",
                    "partner_id": self.owner.id,
                    "vehicle_id": self.order.vehicle_id.id,
                    "company_id": self.store.id,
                    "owner_id": self.crc.id,
                    "description": "Rattle\nIt rattles since Monday.",
                    "state": "received",
                }
            ],
        )
        self.assertTrue(case.date_acknowledged)
        self.assertTrue(case.clock_ids)
        mails = self._new_mails.filtered(lambda mail: mail.recipient_ids == self.owner)
        self.assertEqual(len(mails), 1)
        self.assertIn("auto-generated", mails.headers)
        self.assertIn(self.crc.partner_id, self._get_told(case))
        self.assertFalse(case.message_partner_ids & self.owner)

    def test_other_store(self):
        """The address says which store; without a mail desk a consultant of the store has it."""
        case = self.receive(to=f"complaints-b@{self.alias_domain}", sender="Li <li@example.com>")
        self.assertRecordValues(case, [{"company_id": self.store_b.id, "owner_id": self.crc_b.id}])
        self.assertRecordValues(case.partner_id, [{"name": "Li", "email": "li@example.com"}])

    def test_continues_by_reference(self):
        """A reply goes on with its case, lets it run on when it waited for the customer, and tells who has it."""
        case = self.receive()
        crc = self.as_user(case, self.crc)
        crc.action_pause("customer", "Photos")
        sent = self._get_messages(case).filtered(lambda m: m.message_type in ("email", "email_outgoing"))[:1]
        self.assertFalse(self.receive("Re: Rattle", "Here they are.", headers={"In-Reply-To": sent.message_id}))
        self.assertFalse(case.waiting_for)
        self.assertIn("Here they are.", " ".join(self._get_messages(case).mapped("body")))

    def test_continues_by_number(self):
        """Who names the number of the own case goes on with it, from any address of the same customer."""
        case = self.receive()
        self.assertFalse(self.receive(f"About {case.name}", "Any news?"))
        self.env["res.partner"].create({"name": "Wife", "email": "wife@example.com", "parent_id": self.owner.id})
        self.assertFalse(self.receive(f"About {case.name}", "And now?", sender="Wife <wife@example.com>"))

    def test_foreign_number_is_not_linked(self):
        """A stranger who names somebody's number opens a case of their own and reads nothing of the other."""
        case = self.receive()
        messages = len(self._get_messages(case))
        other = self.receive(f"About {case.name}", "What did he say?", sender="Spy <spy@example.com>")
        self.assertEqual(len(other), 1)
        self.assertNotEqual(other.partner_id, case.partner_id)
        self.assertEqual(len(self._get_messages(case)), messages)
        self.assertIn(case.name, " ".join(self._get_messages(other).mapped("body")))
        # Nor does it reach a case of another store
        foreign = self.receive(f"{case.name}", to=f"complaints-b@{self.alias_domain}")
        self.assertEqual(foreign.company_id, self.store_b)

    def test_staff_address_proves_nothing(self):
        """A mail that pretends to come from the general manager gets no rights, no owner and no acknowledgement."""
        case = self.receive(sender=f"Boss <{self.gm.email}>")
        self.assertEqual(case.owner_id, self.crc)
        self.assertEqual(case.create_uid, self.env.ref("base.user_root"))
        self.assertFalse(case.date_acknowledged)
        self.assertFalse(
            self._new_mails.filtered(lambda mail: self.gm.partner_id in mail.recipient_ids and mail.headers)
        )
        self.assertIn("colleague", case.with_user(self.crc).next_missing)
        with self.assertRaisesRegex(Exception, "colleague"):
            self.as_user(case, self.crc).action_confirm()
        self.as_user(case, self.crc).partner_id = self.owner
        self.as_user(case, self.crc).action_confirm()

    def test_robots(self):
        """Out-of-office, lists and reports open nothing, continue nothing and are not answered."""
        case = self.receive()
        self.as_user(case, self.crc).action_pause("customer", "Photos")
        sent = self._get_messages(case).filtered(lambda m: m.message_type in ("email", "email_outgoing"))[:1]
        for headers in (
            {"Auto-Submitted": "auto-replied"},
            {"Auto-Submitted": "auto-generated (rejected)"},
            {"Precedence": "bulk"},
            {"X-Autoreply": "yes"},
            {"List-Id": "<news.example.com>"},
        ):
            with self.subTest(headers=headers):
                self.assertFalse(self.receive("Out of office", headers=headers))
                self.assertFalse(self._new_mails)
                self.receive("Re: Rattle", "I am away", headers={**headers, "In-Reply-To": sent.message_id})
                self.assertEqual(case.waiting_for, "customer")
                self.assertFalse(self._new_mails)
        self.assertNotIn("I am away", " ".join(self._get_messages(case).mapped("body")))
        self.assertEqual(len(self.receive("A person", headers={"Auto-Submitted": "no"})), 1)

    def test_bounce(self):
        """A delivery report opens nothing; whoever has the case is told to call instead."""
        case = self.receive()
        sent = self._get_messages(case).filtered(lambda m: m.message_type == "email_outgoing")[:1]
        opened = self.receive(
            "Undelivered Mail Returned to Sender",
            f"wang@example.com: unknown user\n\nMessage-Id: {sent.message_id}",
            sender="MAILER-DAEMON@mx.example.com",
            headers={"References": sent.message_id},
        )
        self.assertFalse(opened)
        case._message_receive_bounce("wang@example.com", self.owner)
        told = self._get_messages(case).filtered(lambda m: "did not reach" in (m.subject or ""))
        self.assertEqual(told.notified_partner_ids, self.crc.partner_id)

    def test_loop(self):
        """A program that writes again and again is acknowledged a few times, and then not taken in any more."""
        self.env["ir.config_parameter"].sudo().set_param("mail.gateway.loop.threshold", "8")
        opened = [bool(self.receive(f"Ticket {number}")) for number in range(10)]
        self.assertEqual(opened, [True] * 8 + [False] * 2)
        cases = self.env["aftersales.complaint"].search([("partner_id", "=", self.owner.id), ("source", "=", "email")])
        self.assertEqual(len(cases.filtered("date_acknowledged")), 5)

    def test_attachments(self):
        """Files come along and follow the rights of the case."""
        case = self.receive(template=MAIL_WITH_FILE)
        attachment = self.env["ir.attachment"].search(
            [("res_model", "=", "aftersales.complaint"), ("res_id", "=", case.id)]
        )
        self.assertEqual(attachment.mapped("name"), ["scratch.png"])
        self.assertTrue(attachment.with_user(self.crc).has_access("read"))
        self.assertFalse(attachment.with_user(self.crc_b).has_access("read"))
        self.assertFalse(attachment.with_user(self.advisor_2).has_access("read"))

    def test_after_the_end(self):
        """A customer who writes after the end reopens nothing alone: owner and managers are asked."""
        case = self.receive()
        self.as_user(case, self.manager).action_withdraw("Said so.")
        self.assertFalse(self.receive(f"{case.name} again", "It is back."))
        self.assertEqual(case.state, "withdrawn")
        asked = self._get_messages(case).filtered(lambda m: "reopen it" in (m.subject or ""))
        self.assertLessEqual(self.crc.partner_id | self.manager.partner_id, asked.notified_partner_ids)

    def test_merged_case(self):
        """A mail about a duplicate goes on with the case into which it was merged."""
        first, second = self.receive(), self.receive("The same")
        self.as_user(second, self.manager).action_merge(first.id)
        self.receive(f"{second.name}", "Still rattles.")
        self.assertIn("Still rattles.", " ".join(self._get_messages(first).mapped("body")))

    def test_unreadable(self):
        """A mail without words, without subject or with a broken sender is taken in all the same."""
        self.assertIn("without words", self.receive("", "").description)
        self.assertEqual(len(self.receive("Help", "…", sender="broken sender", sender_address="x@example.com")), 1)
        self.assertLessEqual(len(self.receive("Long", "词 " * 30_000).description), 20_000)

    def test_recipients_of_templates(self):
        """Every template of complaints goes to the complainant alone, and says nothing from inside the store."""
        case = self._lead_to(self._create_complaint(), "second_callback")
        secrets = (case.facts, case.statement_staff, case.root_cause, case.department, case.responsible_main_id.name)
        templates = self.env["mail.template"].search([("model_id.model", "=", "aftersales.complaint")])
        self.assertTrue(templates)
        for template in templates:
            with self.mock_mail_gateway():
                mail = self.env["mail.mail"].sudo().browse(case._mail_to_customer(template))
            self.assertEqual(mail.recipient_ids, case.partner_id, template.name)
            self.assertFalse(mail.email_to or mail.email_cc, template.name)
            for secret in secrets:
                self.assertNotIn(secret, mail.body_html)

    def test_customer_gets_no_inner_mail(self):
        """A whole life of a case, with notes, comments and notices, sends the customer the acknowledgement alone."""
        with self.mock_mail_gateway():
            case = self._create_complaint(source="email")
            case.message_subscribe(self.owner.ids)
            self.as_user(case, self.manager).message_post(body="Between us", subtype_xmlid="mail.mt_comment")
            self.as_user(case, self.crc).action_reply("We call you tomorrow.")
            self._lead_to(case, "closed")
            self.as_user(case, self.crc).action_reopen("Again")
        to_customer = self._new_mails.filtered(lambda mail: self.owner in mail.recipient_ids)
        template = self.env.ref("aftersales_crm.mail_template_complaint_acknowledge")
        self.assertEqual(len(to_customer), 1)
        self.assertIn(case.name, to_customer.subject)
        self.assertTrue(template)
        told = self._get_messages(case).notified_partner_ids
        self.assertFalse(told.filtered("partner_share"))
