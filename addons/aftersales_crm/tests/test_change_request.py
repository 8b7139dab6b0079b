from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common_file import VINS, FileCommon

APPROVAL_LOG = "odoo.addons.aftersales_crm.models.aftersales_approval"


class TestChangeRequest(FileCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vehicle = cls.create_vehicle(engine_number="OLD1")

    def setUp(self):
        super().setUp()
        self.file_vehicle(self.vehicle)

    def ask(self, user=None, kind="correction", lines=(), **values):
        requests = self.as_user(self.env["aftersales.change.request"], user or self.advisor)
        return requests.create(
            {
                "vehicle_id": self.vehicle.id,
                "kind": kind,
                "reason": "Registration certificate",
                "line_ids": [fields.Command.create(line) for line in lines],
                **values,
            }
        )

    def test_correction(self):
        """A correction shows old and new values and takes effect when the manager approves it, not before."""
        request = self.ask(lines=[{"field_name": "engine_number", "new_value": "new9"}])
        request.action_submit()
        self.assertRecordValues(request.line_ids, [{"old_value": "OLD1", "new_value": "NEW9"}])
        self.assertEqual(self.vehicle.engine_number, "OLD1")
        self.as_user(request, self.manager).action_approval_approve()
        self.assertEqual(request.state, "applied")
        self.assertRecordValues(self.vehicle, [{"engine_number": "NEW9", "state": "filed"}])
        self.assertFalse(self.vehicle._approval_pending())
        self.assertIn("OLD1 → NEW9", self.vehicle.message_ids[0].body)

    @mute_logger(APPROVAL_LOG)
    def test_independence(self):
        """Who asks does not decide, and only a manager decides."""
        request = self.ask(self.manager, lines=[{"field_name": "engine_number", "new_value": "N"}])
        request.action_submit()
        for user in (self.manager, self.advisor, self.archivist, self.gm):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(request, user).action_approval_approve()
        self.as_user(request, self.manager_2).action_approval_approve()
        self.assertEqual(self.vehicle.engine_number, "N")

    def test_returned(self):
        """A returned request is a draft again and nothing has changed."""
        request = self.ask(lines=[{"field_name": "engine_number", "new_value": "N"}])
        request.action_submit()
        self.decide_return(request, self.manager)
        self.assertEqual(request.state, "draft")
        self.assertEqual(self.vehicle.engine_number, "OLD1")

    def test_submitted_locked(self):
        """What waits for a decision cannot be changed under the manager's hand."""
        request = self.ask(lines=[{"field_name": "engine_number", "new_value": "N"}])
        request.action_submit()
        with self.assertRaises(UserError):
            request.line_ids.new_value = "M"
        with self.assertRaises(UserError):
            request.write({"line_ids": [fields.Command.create({"field_name": "vin", "new_value": VINS[1]})]})
        with self.assertRaises(UserError):
            request.line_ids.unlink()
        with self.assertRaises(UserError):
            request.reason = "Other"
        with self.assertRaises(UserError):
            request.unlink()

    @mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin")
    def test_protected(self):
        """State and old values are written by the system alone."""
        request = self.ask(lines=[{"field_name": "engine_number", "new_value": "N"}])
        for user in (self.advisor, self.manager, self.admin):
            with self.assertRaises(AccessError):
                self.as_user(request, user).write({"state": "applied"})
            with self.assertRaises(AccessError):
                self.as_user(request.line_ids, user).write({"old_value": "forged"})

    def test_only_card_fields(self):
        """A request cannot reach a field that is not on the data card."""
        for name in ("state", "company_id", "create_uid", "filed_by_id", "nonsense"):
            with self.subTest(name=name), self.assertRaises(UserError):
                self.ask(lines=[{"field_name": name, "new_value": "1"}])

    def test_bad_values(self):
        """A value that is none is refused with a sentence when it is entered."""
        for name, value in (
            ("delivery_date", "yesterday"),
            ("partner_id", "999999999"),
            ("plate_type", "boat"),
            ("vin", "SHORT"),
        ):
            with self.subTest(name=name), self.assertRaises(UserError):
                self.ask(lines=[{"field_name": name, "new_value": value}])

    def test_stale(self):
        """What changed since the request was made is not overwritten."""
        first = self.ask(lines=[{"field_name": "engine_number", "new_value": "A"}])
        second = self.ask(self.crc, lines=[{"field_name": "engine_number", "new_value": "B"}])
        (first | second.with_env(first.env)).action_submit()
        self.as_user(first, self.manager).action_approval_approve()
        with self.assertRaises(UserError):
            self.as_user(second, self.manager).action_approval_approve()
        self.assertEqual(self.vehicle.engine_number, "A")

    def test_nothing_changed(self):
        """A request that changes nothing is not submitted."""
        request = self.ask(lines=[{"field_name": "engine_number", "new_value": "old1"}])
        with self.assertRaises(UserError):
            request.action_submit()

    def test_draft_needs_none(self):
        """A draft is corrected directly."""
        draft = self.create_vehicle(vin=VINS[1], license_plate="沪B12345")
        request = self.ask(vehicle_id=draft.id, lines=[{"field_name": "engine_number", "new_value": "N"}])
        with self.assertRaises(UserError):
            request.action_submit()

    def test_ownership(self):
        """A new owner: the car keeps its history, the old owner's people and likes leave the file."""
        drink = self.env.ref("aftersales_crm.preference_kind_drink")
        likes = self.env["aftersales.preference"].create(
            {"vehicle_id": self.vehicle.id, "kind_id": drink.id, "value": "Green tea"}
        )
        self.vehicle.brought_by_id = self.customer
        wizard = Form(
            self.as_user(self.env["aftersales.change.wizard"], self.crc).with_context(
                default_vehicle_id=self.vehicle.id, default_kind="ownership"
            )
        )
        wizard.partner_id = self.buyer
        wizard.license_plate = False
        wizard.reason = "Sold"
        action = wizard.save().action_submit()
        request = self.env["aftersales.change.request"].browse(action["res_id"])
        self.assertEqual(request.state, "submitted")
        self.as_user(request, self.manager).action_approval_approve()
        self.assertRecordValues(
            self.vehicle,
            [
                {
                    "partner_id": self.buyer.id,
                    "brought_by_id": False,
                    "license_plate": False,
                    "state": "filed",
                    "preference_summary": "",
                }
            ],
        )
        self.assertFalse(likes.active)
        chapters = self.as_user(self.vehicle, self.archivist).ownership_ids
        self.assertRecordValues(
            chapters,
            [
                {"partner_id": self.buyer.id, "license_plate": False, "change_request_id": request.id},
                {"partner_id": self.customer.id, "license_plate": "沪A12345", "change_request_id": False},
            ],
        )
        self.assertTrue(chapters[1].date_to)
        self.env.invalidate_all()
        self.assertEqual(
            self.vehicle.ownership_ids.ids, chapters[0].ids, "The former owner is not the advisor's to see"
        )

    def test_foreign_card(self):
        """The dialog does not open the card of another store's file, and no request reaches it."""
        with self.assertRaises(AccessError):
            wizard = self.as_user(self.env["aftersales.change.wizard"], self.advisor_b).create(
                {"vehicle_id": self.vehicle.id, "kind": "correction", "reason": "Curious"}
            )
            wizard.read(["vin", "partner_id"])
        with self.assertRaises(AccessError):
            self.ask(self.advisor_b, lines=[{"field_name": "engine_number", "new_value": "N"}])

    def test_deletion(self):
        """A deletion takes the file out of use after approval; nothing is lost."""
        request = self.ask(kind="deletion")
        request.action_submit()
        self.as_user(request, self.manager).action_approval_approve()
        self.assertFalse(self.vehicle.active)
        self.assertTrue(self.create_vehicle().active)

    def test_update_from_source(self):
        """An import writes what is open and asks for what is locked, once."""
        vehicle = self.as_user(self.vehicle, self.admin)
        request = vehicle._update_from_source({"engine_number": "NEW1", "inspection_due_date": "2031-01-01"})
        self.assertEqual(request.state, "submitted")
        self.assertRecordValues(
            vehicle, [{"engine_number": "OLD1", "inspection_due_date": fields.Date.to_date("2031-01-01")}]
        )
        self.assertEqual(vehicle._update_from_source({"engine_number": "NEW1"}), request)
        self.assertFalse(vehicle._update_from_source({"vin": VINS[0], "license_plate": "沪A-12345"}))
