from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common_file import FileCommon


class TestConsent(FileCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.consents = cls.env["aftersales.consent"].with_user(cls.crc).with_context(allowed_company_ids=cls.store.ids)

    def give(self, **values):
        return self.consents.create({"partner_id": self.customer.id, **values})

    def test_history(self):
        """A withdrawal ends the row, a new consent is a new row; nothing is rewritten or deleted."""
        first = self.give(wording_version="2026-1")
        first.action_withdraw("No more calls")
        second = self.give(wording_version="2026-2")
        self.assertRecordValues(
            first | second,
            [
                {"state": "withdrawn", "withdrawn_by_id": self.crc.id, "withdrawn_reason": "No more calls"},
                {"state": "given", "withdrawn_by_id": False, "withdrawn_reason": False},
            ],
        )
        for vals in ({"state": "given"}, {"date_given": "2020-01-01 00:00:00"}, {"wording_version": "x"}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                first.write(vals)
        with self.assertRaises(UserError):
            self.env["aftersales.consent"].browse(first.id).unlink()

    @mute_logger("odoo.sql_db")
    def test_one_given(self):
        """One consent stands per person, purpose and channel."""
        self.give()
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.give()
        self.give(channel="sms")

    def test_blocked_and_given(self):
        """Withdrawn and do-not-call block; silence blocks nobody and is no consent; stores are apart."""
        people = self.customer | self.buyer
        self.assertFalse(self.consents._blocked_partners(people))
        self.assertFalse(self.consents._given_partners(people))
        self.give()
        self.assertEqual(self.consents._given_partners(people), self.customer)
        self.consents._withdraw(people, reason="Said so")
        self.assertEqual(self.consents._blocked_partners(people), people)
        self.assertFalse(self.consents._blocked_partners(people, channel="email"))
        other_store = self.env["aftersales.consent"].with_company(self.store_b)
        self.assertFalse(other_store._blocked_partners(people))
        # Withdrawn twice is withdrawn once
        count = self.consents.search_count([])
        self.consents._withdraw(people)
        self.assertEqual(self.consents.search_count([]), count)
        self.give()
        self.assertEqual(self.consents._blocked_partners(people), self.buyer)

    def test_do_not_call(self):
        """Do-not-call needs a reason, blocks the phone in every store at once and tells the floors above."""
        customer = self.as_user(self.customer, self.crc)
        with self.assertRaises(UserError):
            customer.action_aftersales_do_not_call(" ")
        told = []
        with patch.object(
            type(self.env["res.partner"]),
            "_aftersales_consent_withdrawn",
            lambda partners, purpose, channel: told.append((partners.ids, purpose, channel)),
        ):
            customer.action_aftersales_do_not_call("Never at work")
        self.assertIn((self.customer.ids, "callback", "phone"), told)
        self.assertEqual(self.consents._blocked_partners(self.customer), self.customer)
        self.assertFalse(self.consents._blocked_partners(self.customer, channel="wechat"))
        customer.action_aftersales_allow_calls("Came in and asked for calls")
        self.assertFalse(self.consents._blocked_partners(self.customer))

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_do_not_call_protected(self):
        """The flag is not written directly, by no role, and no officer sets it."""
        self.as_user(self.customer, self.crc).action_aftersales_do_not_call("No")
        for user in (self.advisor, self.manager, self.admin):
            with self.assertRaises(AccessError):
                self.as_user(self.customer, user).write({"aftersales_do_not_call": False})
        with self.assertRaises(AccessError):
            self.as_user(self.customer, self.officer).action_aftersales_allow_calls("Please")

    def test_blocked_flat(self):
        """Asking for many persons costs as many queries as for a few."""
        counts = []
        for size in (5, 200):
            people = self.env["res.partner"].create([{"name": f"P{size}-{i}"} for i in range(size)])
            self.consents._withdraw(people)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self.consents._blocked_partners(people), people)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])


class TestReveal(FileCommon):
    def test_masked_and_logged(self):
        """The card shows a masked number; the number is told to who names a purpose, and the look is written down."""
        customer = self.as_user(self.customer, self.crc)
        self.assertEqual(customer.aftersales_phone_masked, "138****8000")
        self.assertEqual(customer.action_aftersales_reveal_phone("callback"), "+86 138 0013 8000")
        log = self.as_user(self.env["aftersales.reveal"], self.manager).search([("partner_id", "=", self.customer.id)])
        self.assertRecordValues(log, [{"user_id": self.crc.id, "what": "phone", "purpose": "callback"}])
        with self.assertRaises(UserError):
            customer.action_aftersales_reveal_phone("curiosity")

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_rights(self):
        """An officer gets no number; nobody writes or deletes the ledger; a consultant does not read it."""
        with self.assertRaises(AccessError):
            self.as_user(self.customer, self.officer).action_aftersales_reveal_phone("callback")
        self.as_user(self.customer, self.crc).action_aftersales_reveal_phone("callback")
        log = self.env["aftersales.reveal"].search([])
        with self.assertRaises(AccessError):
            self.as_user(log, self.crc).read(["purpose"])
        for operation in (lambda: log.write({"purpose": "other"}), log.unlink, lambda: log.create({})):
            with self.assertRaises(AccessError):
                operation()

    def test_identity(self):
        """The identity number is for advisors and archivists; a consultant sees it masked."""
        self.customer.aftersales_identity_number = "110101199001011234"
        customer = self.as_user(self.customer, self.crc)
        self.assertEqual(customer.aftersales_identity_masked, "110*************34")
        with self.assertRaises(AccessError):
            customer.read(["aftersales_identity_number"])
        with self.assertRaises(AccessError):
            self.as_user(self.customer, self.officer).read(["aftersales_identity_masked"])

    def test_new_phone(self):
        """A number is set or replaced without being shown."""
        customer = self.as_user(self.customer, self.advisor)
        customer.aftersales_new_phone = "13712345678"
        self.assertEqual(customer.aftersales_phone_masked, "137****5678")
        customer.invalidate_recordset()
        self.assertFalse(customer.aftersales_new_phone)
