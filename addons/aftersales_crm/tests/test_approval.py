from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import AftersalesCommon

APPROVAL = "odoo.addons.aftersales_crm.models.aftersales_approval"


@tagged("aftersales_engine")
class TestApproval(AftersalesCommon):
    """Decisions, on the vehicle file: submitted by the advisor, verified by the manager, filed by the archivist."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.env["res.partner"].create({"name": "Owner", "phone": "13800000001"})
        cls.vehicle = (
            cls.env["aftersales.vehicle"]
            .with_user(cls.advisor)
            .create(
                {
                    "vin": "LATPAB071W1005301",
                    "license_plate": "沪A12345",
                    "model_id": cls.car_model.id,
                    "partner_id": cls.owner.id,
                }
            )
        )
        cls.vehicle.action_submit()
        cls.request = cls.vehicle.sudo().approval_ids

    def as_decider(self, user, request=None):
        return self.as_user(request or self.request, user)

    def test_request_is_frozen(self):
        """A request knows who asked, when, about what, which role decides, and its content."""
        self.assertRecordValues(
            self.request,
            [
                {
                    "purpose": "verify",
                    "state": "pending",
                    "round": 1,
                    "requester_id": self.advisor.id,
                    "group_id": self.env.ref("aftersales_crm.group_aftersales_manager").id,
                    "company_id": self.store.id,
                }
            ],
        )
        self.assertEqual(len(self.request.content_hash), 64)

    def test_named_in_the_readers_language(self):
        """Who asks writes one language; whoever reads the request, its clock and its reminder sees his own."""
        self.env["res.lang"]._activate_lang("zh_CN")
        self.env["ir.module.module"]._load_module_terms(["aftersales_crm"], ["zh_CN"])
        self.manager.lang = "zh_CN"
        vehicle = (
            self.env["aftersales.vehicle"]
            .with_user(self.advisor)
            .create(
                {
                    "vin": "LATPAB072W1005302",
                    "license_plate": "沪A54321",
                    "model_id": self.car_model.id,
                    "partner_id": self.owner.id,
                }
            )
        )
        vehicle.action_submit()
        request = vehicle.sudo().approval_ids
        self.assertEqual(request.name, "Verification")
        self.assertEqual(request.with_context(lang="zh_CN").name, "核实")
        self.assertIn("Plate Type: Ordinary", request.summary)
        self.assertIn("号牌类型: 普通", request.with_context(lang="zh_CN").summary)
        self.assertTrue(request.with_context(lang="zh_CN").display_name.startswith("核实"))
        self.assertEqual(request.clock_ids.with_context(lang="zh_CN").name, "审批")
        reminder = vehicle.sudo().activity_ids.filtered(lambda activity: activity.user_id == self.manager)
        self.assertEqual(reminder.summary, "核实")

    def test_only_the_role_decides(self):
        """Out of the role, out of the store, or for one's own request: refused with the reason, and logged."""
        for user in (self.advisor, self.crc, self.archivist, self.gm, self.admin):
            with (
                self.subTest(user=user.login),
                self.assertLogs(APPROVAL, "WARNING"),
                self.assertRaises(AccessError) as caught,
            ):
                self.as_decider(user).decide("approved")
            self.assertTrue(str(caught.exception))
            self.assertFalse(self.as_decider(user).can_decide)
        with self.assertRaises(AccessError):
            self.as_decider(self.manager_b).decide("approved")
        self.assertTrue(self.as_decider(self.manager).can_decide)

    def test_the_inbox_shows_what_one_may_decide(self):
        """The filter "waiting for my decision" finds exactly the requests of one's role and stores."""
        found = {
            user.login: bool(
                self.env["aftersales.approval"]
                .with_user(user)
                .with_context(allowed_company_ids=user.company_ids.ids)
                .search_count([("can_decide", "=", True), ("id", "=", self.request.id)])
            )
            for user in (self.manager, self.manager_2, self.manager_b, self.gm, self.crc)
        }
        self.assertEqual([login for login, seen in found.items() if seen], ["test_manager", "test_manager_2"])

    def test_the_menu_of_the_phone_gives_no_right(self):
        """What decides on a selection asks each person's right, whoever runs it, in the browser or by RPC."""
        for user in (self.crc, self.advisor, self.archivist, self.gm, self.admin, self.manager_b):
            for name in ("approve", "return"):
                with self.subTest(action=name, user=user.login), mute_logger(APPROVAL):
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        self._decide_by_menu(name, user)
                    self.assertEqual(self.request.state, "pending")
        self._decide_by_menu("approve", self.manager)
        self.assertRecordValues(self.request, [{"state": "approved", "decided_by_id": self.manager.id}])

    def _decide_by_menu(self, name, user):
        """Run the action of the selection, and decide in the dialog that it may open."""
        action = self.env.ref(f"aftersales_crm.aftersales_approval_action_{name}").with_user(user)
        dialog = action.with_context(active_model="aftersales.approval", active_ids=self.request.ids).run()
        if dialog:
            wizards = self.env[dialog["res_model"]].with_user(user).with_context(**dialog["context"])
            wizards.create({"reason": "Wrong plate"}).action_decide()

    def test_decided_once(self):
        """A decided request cannot be decided again, by nobody."""
        self.as_decider(self.manager).decide("approved")
        self.assertEqual(self.request.state, "approved")
        self.assertEqual(self.request.decided_by_id, self.manager)
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.manager_2).decide("returned", "too late")

    def test_return_needs_a_reason(self):
        """A return without a reason is refused; with one, the asker is told and may submit again as round 2."""
        with self.assertRaises(UserError):
            self.as_decider(self.manager).decide("returned", "  ")
        self.as_decider(self.manager).decide("returned", "The engine number is missing.")
        self.assertEqual(self.request.state, "returned")
        told = self.env["mail.message"].search([("model", "=", self.vehicle._name), ("res_id", "=", self.vehicle.id)])
        self.assertIn(self.advisor.partner_id, told.notified_partner_ids, "the asker is told")
        self.vehicle.with_user(self.advisor).write({"engine_number": "E123"})
        self.vehicle.with_user(self.advisor).action_submit()
        second = self.vehicle.sudo().approval_ids - self.request
        self.assertEqual((second.round, second.state, self.request.state), (2, "pending", "returned"))
        self.assertIn("E123", second.changes, "the decider sees what changed since the last round")

    def test_decision_dialog(self):
        """The return dialog hands its reason to the request."""
        action = self.as_decider(self.manager).action_return()
        wizard = (
            self.env["aftersales.approval.decision"]
            .with_user(self.manager)
            .with_context(**action["context"])
            .create({"reason": "Wrong plate"})
        )
        wizard.action_decide()
        self.assertRecordValues(self.request, [{"state": "returned", "reason": "Wrong plate"}])

    def test_content_changed_after_the_request(self):
        """A change of the content while the decision is pending voids the request and asks again."""
        self.vehicle.sudo()._write_protected({"engine_number": "CHANGED"})
        with self.assertRaisesRegex(UserError, "changed after"):
            self.as_decider(self.manager).decide("approved")

    def test_what_is_decided_is_read(self):
        """The decider reads label and value of what is bound, in the order of its declaration."""
        lines = self.as_decider(self.manager).summary.splitlines()
        self.assertIn("Plate Type: Ordinary", lines)
        self.assertLess(lines.index("Plate Type: Ordinary"), lines.index("VIN: LATPAB071W1005301"))

    def test_steps_by_different_persons(self):
        """Verifier and archivist are different persons, though one person has both roles."""
        self.manager.group_ids |= self.env.ref("aftersales_crm.group_aftersales_archivist")
        self.as_decider(self.manager).decide("approved")
        filing = self.vehicle.sudo().approval_ids.filtered(lambda row: row.purpose == "file")
        self.assertEqual(filing.state, "pending")
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.manager, filing).decide("approved")
        self.as_decider(self.archivist, filing).decide("approved")
        self.assertEqual(self.vehicle.state, "filed")

    def test_delegation_is_dated_and_shown(self):
        """A delegate decides within the dates only; the signature shows for whom."""
        today = self.store._aftersales_today()
        delegation = (
            self.env["aftersales.delegation"]
            .with_user(self.manager)
            .with_context(allowed_company_ids=self.store.ids)
            .create(
                {
                    "delegate_id": self.crc.id,
                    "date_from": today + timedelta(days=1),
                    "date_to": today + timedelta(days=2),
                    "reason": "Leave",
                }
            )
        )
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.crc).decide("approved")
        delegation.date_from = today
        self.assertTrue(self.as_decider(self.crc).can_decide)
        self.as_decider(self.crc).decide("approved")
        self.assertEqual((self.request.decided_by_id, self.request.decided_for_id), (self.crc, self.manager))
        self.assertIn(f"for {self.manager.name} by {self.crc.name}", self.request.signature)

    def test_delegation_does_not_help_the_asker(self):
        """Who asked cannot decide in another's name either."""
        today = self.store._aftersales_today()
        self.env["aftersales.delegation"].create(
            {
                "delegator_id": self.manager.id,
                "delegate_id": self.advisor.id,
                "date_from": today,
                "date_to": today,
                "reason": "Leave",
                "company_id": self.store.id,
            }
        )
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.advisor).decide("approved")

    def test_delegate_cannot_lend_an_independent_hand(self):
        """Who asked cannot have a delegate decide in their name: both persons of a signature are independent."""
        self.advisor.group_ids |= self.env.ref("aftersales_crm.group_aftersales_manager")
        today = self.store._aftersales_today()
        values = {"delegate_id": self.crc.id, "date_from": today, "date_to": today, "company_id": self.store.id}
        delegations = self.env["aftersales.delegation"]
        delegations.create(dict(values, delegator_id=self.advisor.id, reason="Leave"))
        row = self.as_decider(self.crc)
        self.assertFalse(row.can_decide)
        self.assertIn(self.advisor.name, row.cannot_decide_reason)
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            row.decide("approved")
        # A second absent person, who had no part in it, lends the right instead.
        delegations.create(dict(values, delegator_id=self.manager.id, reason="Training"))
        row.invalidate_recordset()
        row.decide("approved")
        self.assertEqual(self.request.decided_for_id, self.manager)

    def test_second_decision_is_not_for_the_first_decider(self):
        """A decision made in somebody's name keeps that person out of the next one, as their own would."""
        today = self.store._aftersales_today()
        self.env["aftersales.delegation"].create(
            {
                "delegator_id": self.manager.id,
                "delegate_id": self.crc.id,
                "date_from": today,
                "date_to": today,
                "reason": "Leave",
                "company_id": self.store.id,
            }
        )
        self.as_decider(self.crc).decide("approved")
        self.manager.group_ids |= self.env.ref("aftersales_crm.group_aftersales_archivist")
        filing = self.vehicle.sudo().approval_ids.filtered(lambda row: row.purpose == "file")
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.manager, filing).decide("approved")

    def test_nobody_delegates_for_another(self):
        """A delegation is made by the absent person or an administrator, and not turned over afterwards."""
        values = {
            "delegator_id": self.gm.id,
            "delegate_id": self.crc.id,
            "date_from": date(2026, 1, 1),
            "date_to": date(2026, 1, 2),
            "reason": "Leave",
            "company_id": self.store.id,
        }
        delegations = self.env["aftersales.delegation"].with_context(allowed_company_ids=self.store.ids)
        with self.assertRaises(AccessError):
            delegations.with_user(self.crc).create(values)
        own = delegations.with_user(self.crc).create(dict(values, delegator_id=self.crc.id, delegate_id=self.gm.id))
        with self.assertRaises(AccessError):
            own.write({"delegator_id": self.gm.id, "delegate_id": self.crc.id})
        self.assertTrue(delegations.with_user(self.admin).create(values))

    def test_exception_needs_permission_and_reason(self):
        """Only a store that allows exceptions lets the same person decide, with a reason that is kept."""
        self.advisor.group_ids |= self.env.ref("aftersales_crm.group_aftersales_manager")
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.advisor).decide("approved", exception_reason="I am alone")
        self.store.aftersales_allow_exceptions = True
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.advisor).decide("approved")
        self.as_decider(self.advisor).decide("approved", exception_reason="I am alone today")
        self.assertRecordValues(self.request, [{"state": "approved", "exception_reason": "I am alone today"}])

    def test_exception_never_replaces_the_role(self):
        """An exception sets independence aside, not the role."""
        self.store.aftersales_allow_exceptions = True
        with mute_logger(APPROVAL), self.assertRaises(AccessError):
            self.as_decider(self.advisor).decide("approved", exception_reason="I am alone today")

    def test_only_who_sees_the_document_sees_the_decision(self):
        """Another store's staff neither find nor read a decision; the group officer, who sees no files, neither."""
        for user in (self.manager_b, self.officer):
            with self.subTest(user=user.login):
                rows = self.env["aftersales.approval"].with_user(user)
                if user == self.officer:
                    with self.assertRaises(AccessError):
                        rows.search([])
                else:
                    self.assertFalse(rows.search([("id", "=", self.request.id)]))
                with self.assertRaises(AccessError):
                    self.request.with_user(user).read(["name"])

    def test_late_decision_is_reminded(self):
        """A decision that is not made within a working day reminds who should make it, once."""
        clock = self.request.clock_ids
        self.assertEqual(clock.state, "running")
        with freeze_time(clock.date_deadline + timedelta(minutes=5)):
            self.env["aftersales.clock"].browse(clock.id)._process_due()
            before = len(self.vehicle.message_ids)
            self.env["aftersales.clock"].browse(clock.id)._process_due()
        self.assertTrue(clock.is_breached)
        self.assertEqual(len(self.vehicle.message_ids), before)
        self.as_decider(self.manager).decide("approved")
        self.assertEqual(clock.state, "stopped")

    def test_document_with_decisions_stays(self):
        """A document on which something was decided cannot be deleted."""
        self.vehicle.with_user(self.advisor).action_take_back()
        self.assertEqual(self.vehicle.state, "draft")
        with self.assertRaisesRegex(UserError, "evidence"):
            self.vehicle.sudo().unlink()
