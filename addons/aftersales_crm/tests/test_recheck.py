import random

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..tools.truth import agreement, draw_share
from .common_callback import AftersalesCallbackCommon


@tagged("post_install", "-at_install")
class TestTruthTools(BaseCase):
    """Drawing and comparing, without a database."""

    def test_draw_share_is_kept(self):
        """The share holds over many small days, each item is as likely as any other, and 0 and 1 are exact."""
        chance = random.Random(1)
        drawn = [item for _day in range(4000) for item in draw_share(list(range(7)), 0.05, chance)]
        self.assertAlmostEqual(len(drawn) / (4000 * 7), 0.05, delta=0.005)
        for item in range(7):
            self.assertAlmostEqual(drawn.count(item) / len(drawn), 1 / 7, delta=0.03)
        self.assertEqual(draw_share([1, 2, 3], 0, chance), [])
        self.assertEqual(sorted(draw_share([1, 2, 3], 1, chance)), [1, 2, 3])

    def test_agreement(self):
        """Yes and no must be the same, scores may differ by one, texts and what was asked once are not compared."""
        first = {1: ("yes_no", "yes"), 2: ("score5", 5), 3: ("text", "fine"), 4: ("choice", 7), 5: ("yes_no", "no")}
        second = {1: ("yes_no", "no"), 2: ("score5", 4), 3: ("text", "bad"), 4: ("choice", 7)}
        self.assertEqual(agreement(first, second), (3, 2))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-05 02:00:00")
class TestRecheck(AftersalesCallbackCommon):
    """Completed calls are drawn for a blind re-check, and calls that look untrue are flagged."""

    def setUp(self):
        super().setUp()
        self.store.aftersales_recheck_share = 100
        self.Recheck = self.env["aftersales.callback.recheck"].with_company(self.store)

    def _completed(self, count=1, user=None, **values):
        calls = self.env["aftersales.callback"]
        for order in self._create_delivered(self._create_customers(count, self.env["res.partner"].search_count([]))):
            calls |= self._create_callback(order, user_id=(user or self.crc).id)
        for call in calls:
            self._call(call, user=user, **{"duration": 90, **values})
        return calls

    def _ask(self, recheck, user=None, outcome="completed", **values):
        if outcome == "completed":
            values.setdefault("answers", self._answers())
        return self.as_user(recheck, user or self.manager).action_save_call(outcome, **values)

    def test_recheck_drawn_once(self):
        """Each completed call is looked at once: the share of the store, at random, by caller; nothing else is drawn."""
        self.store.aftersales_recheck_share = 50
        calls = self._completed(4)
        partial = self._completed(1, outcome="partial", answers={str(self.question["polite"].id): "yes"})
        drawn = self.Recheck._draw(self.store, random.Random(3))
        self.assertEqual(len(drawn), 2)
        self.assertLess(drawn.callback_id, calls)
        self.assertEqual(drawn.agent_id, self.crc)
        self.store.aftersales_recheck_share = 100
        self.assertFalse(self.Recheck._draw(self.store), "looked at already")
        self.assertFalse(partial.sudo().is_recheck_open)

    def test_recheck_cron(self):
        """The nightly action draws for every store, closes what has lapsed, and may run twice."""
        self._completed(2)
        cron = self.env.ref("aftersales_crm.ir_cron_aftersales_callback_truth")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
            cron.method_direct_trigger()
        drawn = self.Recheck.search([("company_id", "=", self.store.id)])
        self.assertEqual(drawn.mapped("state"), ["drawn", "drawn"])
        with freeze_time("2026-03-13 02:00:00"):
            self.assertEqual(self.Recheck._lapse(self.store), drawn)
        self.assertEqual(set(drawn.mapped("state")), {"lapsed"})
        self.assertFalse(any(drawn.callback_id.mapped("is_recheck_open")))

    def test_recheck_blind(self):
        """The sheet shows nothing of the first call; the manager reads its answers only when he has asked again."""
        call = self._completed(answers=self._answers(clean="no"), note="The mats were dirty")
        recheck = self.Recheck._draw(self.store)
        sheet = self.as_user(self.Recheck, self.manager).get_call()["call"]
        self.assertEqual((sheet["id"], sheet["answers"], sheet["attempts"], sheet["remark"]), (recheck.id, {}, [], ""))
        self.assertEqual(len(sheet["questions"]), len(self.question))
        theirs = self.as_user(call, self.manager)
        self.env.invalidate_all()
        self.assertFalse(theirs.answer_ids)
        self.assertTrue(theirs.is_blind)
        with self.assertRaises(AccessError):
            self.as_user(call.answer_ids[:1], self.manager).read(["value_yes_no"])
        with self.assertRaisesRegex(UserError, "blind"):
            self.as_user(recheck, self.manager).action_open_callback()
        self.assertFalse(self.as_user(call, self.crc).is_blind, "the caller does not learn of the draw")
        self._ask(recheck, answers=self._answers(clean="no", satisfaction=3))
        self.assertRecordValues(
            recheck, [{"state": "done", "user_id": self.manager.id, "compared_count": 9, "agreed_count": 8}]
        )
        self.assertAlmostEqual(recheck.agreement, 100 * 8 / 9, places=1)
        self.env.invalidate_all()
        self.assertTrue(theirs.answer_ids)
        differs = self.as_user(recheck, self.manager).answer_ids.filtered("is_different")
        self.assertEqual((differs.question_id, differs.first_display), (self.question["satisfaction"], "5"))
        self.assertEqual(call.satisfaction, "5", "the first answers stay as they were written")
        quality = (
            self.env["aftersales.callback.quality"].with_user(self.manager).search([("agent_id", "=", self.crc.id)])
        )
        self.assertRecordValues(
            quality,
            [{"completed_count": 1, "drawn_count": 1, "checked_count": 1, "compared_count": 9, "agreed_count": 8}],
        )
        self.assertAlmostEqual(quality.agreement, 100 * 8 / 9, places=1)

    def test_recheck_blind_by_every_path(self):
        """While a re-check is open, no reading, search, sorting, grouping or export tells a manager what the customer said."""
        call = self._completed(answers=self._answers(clean="no", satisfaction=2), note="The mats were dirty")
        self.Recheck._draw(self.store)
        said = ["satisfaction", "has_problem", "remark"]
        theirs, callers = self.as_user(call, self.manager), self.as_user(call, self.crc)
        self.env.invalidate_all()
        one = [("id", "=", call.id)]
        self.assertEqual(callers.read(said)[0]["satisfaction"], "2")
        for rows in (
            theirs.read(said),
            theirs.search_read(one, said),
            theirs.web_read({name: {} for name in said}),
            theirs.web_search_read(one, {name: {} for name in said})["records"],
        ):
            self.assertEqual([rows[0][name] for name in said], [False] * len(said))
        for leaf in (("satisfaction", "=", "2"), ("satisfaction", "!=", "5"), ("has_problem", "=", True)):
            self.assertTrue(callers.search([*one, leaf]))
            self.assertFalse(theirs.search([*one, leaf]))
            self.assertFalse(theirs.search_count([*one, leaf]))
        self.assertFalse(theirs.search(one, order="satisfaction"))
        self.assertFalse(theirs.formatted_read_group(one, ["satisfaction"], ["__count"]))
        self.assertFalse(theirs.with_context(lang=None)._export_rows([["id"], ["satisfaction"]]))
        self.assertTrue(theirs.search(one), "the callback itself stays in the lists")
        self.assertEqual(theirs.formatted_read_group(one, ["state"], ["__count"])[0]["__count"], 1)

    def test_recheck_by_another(self):
        """Nobody re-checks an own call or an own order; consultants neither ask nor learn of it."""
        call = self._completed(user=self.manager)
        recheck = self.Recheck._draw(self.store)
        with self.assertRaises(AccessError):
            self.as_user(recheck, self.manager).read(["state"])
        with self.assertRaises(AccessError):
            self._ask(recheck, self.manager)
        self.assertFalse(self.as_user(self.Recheck, self.manager).get_call()["call"])
        for user in (self.crc, self.advisor, self.gm, self.admin):
            with self.assertRaises(AccessError):
                self._ask(recheck, user)
        with self.assertRaises(AccessError):
            self.as_user(self.Recheck, self.crc).search([])
        with self.assertRaises(AccessError):
            self.as_user(call, self.crc).read(["is_recheck_open"])
        call.repair_order_id.technician_ids = self.manager_2
        with self.assertRaisesRegex(UserError, "worked on this order"):
            self._ask(recheck, self.manager_2)
        call.repair_order_id.technician_ids = False
        self._ask(recheck, self.manager_2)
        self.assertEqual(recheck.state, "done")

    def test_recheck_protected(self):
        """No role writes a re-check, its answers or a flag, nor makes one, nor deletes one."""
        self._completed(duration=5)
        recheck = self.Recheck._draw(self.store)
        flag = self.env["aftersales.callback.flag"].search([("callback_id", "=", recheck.callback_id.id)])
        self.assertTrue(flag)
        for user in (self.manager, self.gm, self.crc, self.admin):
            for record, values in ((recheck, {"state": "done"}), (flag, {"note": "x"})):
                with self.assertRaises(AccessError), mute_logger("odoo.addons.aftersales_crm.models"):
                    self.as_user(record, user).write(values)
                with self.assertRaises(AccessError):
                    self.as_user(record, user).unlink()
        with (
            self.assertRaises(AccessError),
            mute_logger("odoo.addons.aftersales_crm.models.aftersales_protected_mixin"),
        ):
            recheck.write({"agreed_count": 9})

    def test_recheck_consent(self):
        """A customer who withdraws is not asked again: on the open screen, in the queue, at saving."""
        calls = self._completed(2)
        rechecks = self.Recheck._draw(self.store)
        screen = self.as_user(self.Recheck, self.manager)
        opened = rechecks.browse(screen.get_call()["call"]["id"])
        consents = self.env["aftersales.consent"].with_company(self.store)
        consents._withdraw(calls.partner_id)
        self.assertEqual(set(rechecks.mapped("state")), {"dropped"}, "at once, like a planned call")
        self.assertFalse(self.as_user(opened, self.manager).keep_call()["ok"])
        with self.assertRaisesRegex(UserError, "Must Not Be Called"):
            self._ask(opened)
        self.assertFalse(screen.get_call()["call"])
        self.assertEqual(set(rechecks.mapped("state")), {"dropped"})

    def test_recheck_outcomes(self):
        """Three failed days end it, a wrong number is told apart, a refusal of all calls withdraws the consent."""
        wrong, refused, silent, later = self.Recheck._draw(self.store) or self._drawn(4)
        self._ask(wrong, outcome="wrong_number")
        self._ask(refused, outcome="refused_all")
        for day in (5, 6, 9):
            with freeze_time(f"2026-03-{day:02d} 03:00:00"):
                self._ask(silent, outcome="no_answer")
        self._ask(later, outcome="call_later", call_later="2026-03-06 02:00:00")
        self.assertEqual(
            [r.state for r in (wrong, refused, silent, later)], ["invalid", "refused", "unreachable", "drawn"]
        )
        self.assertFalse(self.as_user(self.Recheck, self.manager).get_call()["call"], "not before the agreed time")
        blocked = self.env["aftersales.consent"].with_company(self.store)._blocked_partners(refused.partner_id)
        self.assertEqual(blocked, refused.partner_id)

    def _drawn(self, count):
        self._completed(count)
        return self.Recheck._draw(self.store)

    def test_recheck_claim_and_repeat(self):
        """Two managers never get the same re-check; a save that is sent twice is counted once."""
        first, second = self._drawn(2)
        one = self.as_user(self.Recheck, self.manager).get_call()["call"]["id"]
        other = self.as_user(self.Recheck, self.manager_2).get_call()["call"]["id"]
        self.assertEqual({one, other}, {first.id, second.id})
        with self.assertRaisesRegex(UserError, "on the screen"):
            self.as_user(self.Recheck, self.manager_2).get_call(one)
        mine = self.Recheck.browse(one)
        self._ask(mine)
        self._ask(mine)
        self.assertEqual(len(mine.answer_ids), 9)

    def test_flags(self):
        """Too short, answered all alike in a row, the same comment, closed without dialling: each names its call."""
        self.store.aftersales_flag_straight_calls = 4
        self.store.aftersales_recheck_share = 0
        short = self._completed(duration=12, answers=self._answers(clean="no"))
        mixed = self._completed(answers=self._answers(satisfaction=4))
        alike = self._completed(4)
        copied = self.env["aftersales.callback"]
        for number, note in enumerate(("All is well.", "all is well", "ALL IS WELL!")):
            copied |= self._completed(note=note, answers=self._answers(satisfaction=4 - number % 2))
        undialled = self._completed(outcome="wrong_number", duration=0)
        self.Recheck._draw(self.store)
        flags = self.env["aftersales.callback.flag"].search([("company_id", "=", self.store.id)])
        found = {kind: records.callback_id for kind, records in flags.grouped("kind").items()}
        self.assertEqual(found, {"short": short, "straight": alike, "comment": copied, "no_attempt": undialled})
        self.assertEqual(flags.agent_id, self.crc)
        self.assertFalse(mixed.flag_ids)
        self.Recheck._draw(self.store)
        self.assertEqual(
            self.env["aftersales.callback.flag"].search_count([("company_id", "=", self.store.id)]), len(flags)
        )

    def test_flag_explained(self):
        """The manager says what he found out; consultants do not see flags, and nobody those of own calls."""
        self.store.aftersales_recheck_share = 0
        self._completed(duration=3)
        own = self._completed(duration=3, user=self.manager)
        self.Recheck._draw(self.store)
        flags = self.env["aftersales.callback.flag"].search(
            [("kind", "=", "short"), ("company_id", "=", self.store.id)]
        )
        seen = self.as_user(flags.browse(), self.manager).search([("kind", "=", "short")])
        self.assertEqual(seen, flags.filtered(lambda flag: flag.callback_id != own))
        with self.assertRaises(AccessError):
            self.as_user(flags.browse(), self.crc).search([])
        for user in (self.crc, self.gm):
            with self.assertRaises(AccessError):
                self.as_user(seen, user).action_explain("fine")
        with self.assertRaises(UserError):
            seen.action_explain(" ")
        seen.action_explain("Spoke to the caller: line dropped")
        self.assertEqual((seen.reviewed_by_id, seen.date_reviewed), (self.manager, fields.Datetime.now()))

    def test_flag_flat_queries(self):
        """The night costs the same number of queries for three completed calls and for twelve."""
        self.store.aftersales_recheck_share = 0
        counts = []
        for count in (3, 12):
            self._completed(count, duration=5)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.Recheck._draw(self.store)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1, f"{counts} queries")

    def test_recheck_stores_apart(self):
        """A manager of another store neither sees nor asks."""
        recheck = self._drawn(1)
        with self.assertRaises(AccessError):
            self._ask(recheck, self.manager_b)
        self.assertFalse(self.as_user(self.Recheck, self.manager_b).with_company(self.store_b).get_call()["call"])
