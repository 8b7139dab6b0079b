from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common_callback import AftersalesCallbackCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 00:30:00")  # Monday 8:30 in the stores
class TestPlanBoard(AftersalesCallbackCommon):
    """The supervisor's board: what it shows is what is there, what it moves obeys every rule, what it tries is not written."""

    def setUp(self):
        super().setUp()
        self.orders = self._create_delivered(self._create_customers(12), "2026-02-28 16:00")
        self.plan = self._create_plan()
        self.plan.action_preview()

    def _confirm(self):
        self.plan.action_confirm()
        return self.plan.sudo().callback_ids.with_env(self.plan.env)

    def _loads(self, board, name="planned"):
        return {
            (agent["id"], day): cell[name]
            for agent in board["agents"]
            for day, cell in agent["cells"].items()
            if cell[name]
        }

    def test_board_shows_the_plan(self):
        """Loads by agent and day, days off, reasons with their number: the same before and after the confirmation."""
        board = self.plan.get_board()
        days = [day["date"] for day in board["days"]]
        self.assertEqual((days[0], days[30]), ("2026-03-01", "2026-03-31"))
        self.assertEqual(sum(self._loads(board).values()), 12)
        self.assertEqual(
            [(reason["code"], reason["count"], reason["is_in"]) for reason in board["reasons"]],
            [("in_repair", 12, True)],
        )
        self.assertNotIn("2026-03-07", {day for _agent, day in self._loads(board, "capacity")}, "no work on Saturday")
        self.assertFalse(board["plan"]["may_move"], "a preview has no calls to move")
        calls = self._confirm()
        confirmed = self.plan.get_board()
        self.assertEqual(self._loads(confirmed), self._loads(board))
        self.assertTrue(confirmed["plan"]["may_move"])
        (agent, day), load = next(iter(self._loads(confirmed).items()))
        cell = self.plan.get_cell(agent, day)
        self.assertEqual(len(cell), load)
        self.assertLess({row["id"] for row in cell}, set(calls.ids))
        self.assertTrue(all(row["why"] and row["is_movable"] for row in cell))

    def test_board_move(self):
        """A dragged call goes to the other agent and day; its explanation says who moved it, and a replan leaves it."""
        call = self._confirm().filtered(lambda c: c.user_id == self.crc)[:1]
        board = self.plan.move_calls(call.ids, self.crc_2.id, "2026-03-11")
        self.assertEqual((call.user_id, call.date_planned), (self.crc_2, date(2026, 3, 11)))
        self.assertEqual(self._loads(board)[self.crc_2.id, "2026-03-11"], 1)
        self.assertIn("Moved by Crc on", call.explanation)
        self.assertIn("before: Crc, ", call.explanation)
        self.plan.action_replan()
        self.assertEqual((call.user_id, call.date_planned), (self.crc_2, date(2026, 3, 11)))

    def test_board_move_rules(self):
        """The server refuses a move against any rule of the plan, whoever asks and whichever way."""
        calls = self._confirm()
        call, busy = calls[0], calls[1]
        move = self.plan.move_calls
        self.env["aftersales.callback.absence"].create(
            {
                "user_id": self.crc_2.id,
                "date_from": "2026-03-10",
                "date_to": "2026-03-10",
                "company_id": self.store.id,
            }
        )
        refusals = [
            (call, self.crc, "2026-03-17", "may be made from"),  # after its window
            (call, self.crc, "2026-03-02", "may be made from"),  # before it is due
            (call, self.crc, "2026-03-07", "makes no calls of this plan"),  # a Saturday
            (call, self.crc_2, "2026-03-10", "makes no calls of this plan"),  # away
            (call, self.manager, "2026-03-10", "makes no calls of this plan"),  # no agent of the plan
            (call, self.advisor, "2026-03-10", "worked on order"),  # the advisor of the order
        ]
        for callback, user, day, message in refusals:
            with self.subTest(day=day, user=user.login):
                with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                    move(callback.ids, user.id, day)
                with self.assertRaisesRegex(UserError, message), self.env.cr.savepoint():
                    self.as_user(callback, self.crc).write({"user_id": user.id, "date_planned": day})
        with freeze_time("2026-03-05 01:00:00"), self.assertRaisesRegex(UserError, "is over"), self.env.cr.savepoint():
            move(call.ids, self.crc.id, "2026-03-04")
        self.plan.agent_line_ids.filtered(lambda line: line.user_id == self.crc).capacity = 1
        taken = calls.filtered(lambda c: c.user_id == self.crc and c.date_planned != call.date_planned)[0]
        with self.assertRaisesRegex(UserError, "one too many"), self.env.cr.savepoint():
            move(call.ids, self.crc.id, taken.date_planned)
        self.plan.agent_line_ids.capacity = 20
        # The customer has another call, by hand, in the same days.
        self.env["aftersales.callback"].create(
            {
                "kind": "absent",
                "partner_id": busy.partner_id.id,
                "company_id": self.store.id,
                "date_due": "2026-03-14",
                "date_planned": "2026-03-16",
            }
        )
        with self.assertRaisesRegex(UserError, "another call on"), self.env.cr.savepoint():
            move(busy.ids, self.crc.id, "2026-03-12")
        with freeze_time("2026-03-03 02:00:00"):
            self._call(call, user=call.user_id)
        with self.assertRaisesRegex(UserError, "cannot be moved"):
            move(call.ids, self.crc.id, "2026-03-10")

    def test_board_move_one_refused(self):
        """When one of several cannot go there, none does."""
        calls = self._confirm()[:2]
        calls[1].sudo()._write_protected({"date_expiry": "2026-03-05", "date_planned": "2026-03-04"})
        before = [(c.user_id, c.date_planned) for c in calls]
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.plan.move_calls(calls.ids, self.crc.id, "2026-03-10")
        self.env.invalidate_all()
        self.assertEqual([(c.user_id, c.date_planned) for c in calls], before)

    def test_board_rights(self):
        """Consultants and managers move; the general manager looks; advisors and other stores do not see it."""
        call = self._confirm()[:1]
        foreign = self._create_callback(self._create_delivered(self._create_customers(1, 90)))
        with self.assertRaisesRegex(UserError, "Only calls of this plan"):
            self.plan.move_calls(foreign.ids, self.crc.id, "2026-03-10")
        gm = self.as_user(self.plan, self.gm)
        self.assertFalse(gm.get_board()["plan"]["may_move"])
        for user in (self.gm, self.advisor, self.crc_b):
            plan = self.as_user(self.plan, user)
            with self.assertRaises(AccessError):
                plan.move_calls(call.ids, self.crc.id, "2026-03-10")
            with self.assertRaises(AccessError):
                plan.what_if([{"user_id": self.crc.id, "capacity": 5}])
        for user in (self.advisor, self.crc_b):
            with self.assertRaises(AccessError):
                self.as_user(self.plan, user).get_board()

    def test_what_if(self):
        """Other agents and capacities are tried without a trace, and say what the plan then is when it is made."""
        self.plan.agent_line_ids.capacity = 1
        self.plan.action_confirm()
        shortage = self.plan.shortage
        # 3 to 13 March, nine working days a call each; due on the 3rd, until the 15th.
        self.assertEqual(shortage, 0)
        self.plan.agent_line_ids.filtered(lambda line: line.user_id == self.crc_2).capacity = 0
        self._create_delivered(self._create_customers(10, 40), "2026-02-28 16:00")
        before = self.plan.sudo().callback_ids.read(["user_id", "date_planned", "explanation", "state"])
        candidates = self.plan.sudo().candidate_ids.ids
        alone = self.plan.what_if([{"user_id": self.crc.id, "capacity": 1}])
        self.assertEqual((alone["placed"], alone["short"]), (9, 13))
        self.assertIn("13 calls short", alone["text"])
        three = [{"user_id": user.id, "capacity": 3} for user in (self.crc, self.crc_2, self.manager)]
        result = self.plan.what_if(three)
        self.assertEqual((result["placed"], result["short"]), (22, 0))
        self.assertEqual(self.plan.sudo().candidate_ids.ids, candidates)
        self.env.invalidate_all()
        self.assertEqual(
            self.plan.sudo().callback_ids.read(["user_id", "date_planned", "explanation", "state"]), before
        )
        self.plan.apply_what_if(three)
        self.assertEqual((self.plan.shortage, len(self.plan.sudo().callback_ids)), (0, 22))
        tried = {
            (a["id"], day): c["planned"] for a in result["agents"] for day, c in a["cells"].items() if c["planned"]
        }
        self.assertEqual(self._loads(self.plan.get_board()), tried, "the plan is what was tried")
        self.assertEqual(set(self.plan.agent_line_ids.mapped("capacity")), {3})

    def test_what_if_refuses(self):
        """Strangers, customers' consultants of other stores and nonsense are refused."""
        for agents in (
            [{"user_id": self.advisor.id, "capacity": 5}],
            [{"user_id": self.crc_b.id, "capacity": 5}],
            [{"user_id": self.crc.id, "capacity": -1}],
            [{"user_id": self.crc.id, "capacity": True}],
            [{"user_id": self.crc.id, "capacity": 0}],
            "everybody",
        ):
            with self.subTest(agents=agents), self.assertRaises(UserError):
                self.plan.what_if(agents)

    def test_shortage_told(self):
        """As soon as a plan leaves calls without room, the managers are told; once, until it grows."""
        self._confirm()
        self.assertFalse(self.plan.shortage)
        self.plan.agent_line_ids.capacity = 1
        self._create_delivered(self._create_customers(30, 40), "2026-02-28 16:00")
        self.plan.action_replan()
        self.assertGreater(self.plan.shortage, 0)
        told = self.env["mail.message"].search([("model", "=", self.plan._name), ("res_id", "=", self.plan.id)])
        told = told.filtered(lambda message: "is short" in (message.subject or ""))
        self.assertEqual(len(told), 1)
        self.assertLess(self.manager.partner_id | self.crc.partner_id, told.notified_partner_ids | self.crc.partner_id)
        self.assertNotIn(self.manager_b.partner_id, told.notified_partner_ids)
        self.assertEqual(self.plan.get_board()["unplaced"], self.plan.shortage)
        self.assertEqual(len(self.plan.get_cell()), self.plan.shortage)

    def test_outlook(self):
        """The pace of the last weeks against the room that is left: likely short before it is."""
        self.plan.agent_line_ids.capacity = 1
        outlook = self.plan.get_board()["outlook"]
        # Two agents a call a day on the 22 working days of March, less the twelve that stand.
        self.assertEqual((outlook["days"], outlook["room"], outlook["short"]), (22, 2 * 22 - 12, 0))
        self._create_delivered(self._create_customers(100, 300), "2026-02-27 16:00")
        outlook = self.plan.get_board()["outlook"]
        # 112 deliveries in the 20 working days of four weeks, 20 days of March whose deliveries are due in March.
        self.assertEqual(outlook["expected"], 112)
        self.assertEqual(outlook["short"], 112 - (2 * 22 - 12))

    def test_board_flat_queries(self):
        """The board costs as many queries for twelve calls as for sixty."""
        counts = []
        for start in (0, 500):
            if start:
                self._create_delivered(self._create_customers(48, start), "2026-02-28 16:00")
                self.plan.action_preview()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.plan.get_board()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
