from collections import Counter
from datetime import timedelta
from itertools import pairwise

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError

from ..tools.complaint_steps import NEXT_STEP, OPEN, TERMINAL, TRANSITIONS

# Monday to Friday, as `AftersalesCommon` makes its stores; hours of the store's wall clock, UTC+8
WORKING = ((8, 12), (13, 17))
OFFSET = timedelta(hours=8)
REWINDS = {("reopen", "received"), ("reopen", "classified"), ("appeal", "classified"), ("appeal", "received")}


class Life:
    """One complaint led by chance through whatever its people may do; after each move everything is reckoned anew.

    ``choose`` picks from a list: a seeded `random.Random`, or hypothesis, which then finds the shortest life that breaks
    a rule.
    """

    def __init__(self, case, choose):
        self.test, self.choose = case, choose
        self.now = case.utc("2026-03-02 08:00") + timedelta(minutes=choose(range(7 * 1440)))
        self.log = []

    def run(self, moves):
        """Take the case in and make so many moves; refused ones count, for they must change nothing."""
        # Frozen once and moved on: to freeze looks through every module that is loaded
        with freeze_time(self.now) as frozen:
            self._begin()
            for _move in range(moves):
                self.now += timedelta(minutes=self.choose([1, 7, 45, 180, 700, 1500, 4000]))
                frozen.move_to(self.now)
                self.move()
        return self.complaint

    def _begin(self):
        self.complaint = self.test._create_complaint(
            self.choose([self.test.crc, self.test.advisor_2, self.test.manager]),
            source=self.choose(["phone", "counter", "hotline_12315", "maker", "platform", "web"]),
            kind_id=self.choose([self.test.kind, self.test.kind_brakes, self.test.kind_delay]).id,
            remedy_sought="An answer",
        )
        self.check("intake", None)
        # Chance alone seldom gets far: some lives begin on the way
        start = self.choose(["received", "received", "classified", "solution", "carried_out", "second_callback"])
        if start != "received":
            self.test._lead_to(self.complaint, start, root_cause=f"Cause of {self.complaint.id}")
        self.check("led", None)

    # Moves ---------------------------------------------------------------

    def move(self):
        """One move by one person, the natural way on more often than any other."""
        complaint, test = self.complaint, self.test
        before = complaint.state
        natural = NEXT_STEP.get(before)
        move = self.choose([natural, natural, natural, *self.MOVES] if natural else self.MOVES)
        people = [test.crc, test.crc_2, test.advisor_2, test.manager, test.manager_2, test.gm]
        user = self.choose([*people, test.gm, test.gm, test.gm])
        # Notes of changed fields and reminders cost half of the time and decide nothing here
        quick = {"tracking_disable": True, "mail_activity_automation_skip": True}
        case = test.as_user(complaint, user).with_context(**quick, allowed_company_ids=user.company_ids.ids)
        try:
            with test.cr.savepoint():
                getattr(self, f"_{move}")(case, user)
                test.env.flush_all()
        except (UserError, AccessError) as error:
            move = f"{move} refused"
            test.assertTrue(str(error), self.log)
        except Exception as error:
            raise AssertionError(f"{move} by {user.login} broke off after {self.log}") from error
        self.log.append((str(self.now), user.login, move, before, complaint.state))
        self.check(move, before)

    MOVES = (
        *(
            "classify",
            "reject",
            "withdraw",
            "reopen",
            "rework",
            "revise",
            "merge",
            "reply",
            "promise",
            "pause",
            "resume",
        ),
        *(
            "handover",
            "accept",
            "refuse",
            "level",
            "involve",
            "bodies",
            "appeal",
            "lanes",
            "goodwill",
            "unanswered",
            "check_due",
        ),
    )

    def _confirm(self, case, user):
        case.action_confirm()

    def _classify(self, case, user):
        case.action_classify(
            level=self.choose([None, "general", "important", "urgent"]), reason=self.choose([None, "Seen"])
        )

    def _investigate(self, case, user):
        case.write(self.test._investigation(root_cause=f"Cause {self.now}", responsible_main_id=self.test.advisor.id))
        case.action_investigate()

    def _propose(self, case, user):
        case.write({"solution": f"Solution {self.now}", "goodwill_amount": self.choose([0, 150, 5000])})
        case.action_propose_solution()

    def _revise(self, case, user):
        case.action_revise_solution()

    def _goodwill(self, case, user):
        if self.choose([True, False]):
            case.action_approval_approve()
        else:
            self.complaint.approval_ids.with_user(user).decide("returned", "Too much")

    def _carry_out(self, case, user):
        case.action_carry_out()

    def _second_callback(self, case, user):
        case.action_record_second_callback(self.choose(["yes", "no"]), "Said so", self.choose([None, "1", "5"]))

    def _rework(self, case, user):
        case.action_rework("Again")

    def _close(self, case, user):
        case.write({"no_action_reason": "None needed", "unsatisfied_reason": "Told 12315"})
        case.action_close()

    def _reject(self, case, user):
        case.action_reject("No fault", "12315")

    def _withdraw(self, case, user):
        case.action_withdraw("Said so")

    def _reopen(self, case, user):
        case.action_reopen("Again")

    def _merge(self, case, user):
        case.action_merge(self.choose([self.test.target, self.complaint]).id)

    def _reply(self, case, user):
        case.action_reply("We look at it", self.choose([None, self.now + timedelta(hours=5)]))

    def _promise(self, case, user):
        case.action_promise(self.now + timedelta(minutes=self.choose([1, 90, 3000])))

    def _pause(self, case, user):
        case.action_pause(self.choose(["customer", "parts"]), "Waiting")

    def _resume(self, case, user):
        case.action_resume()

    def _handover(self, case, user):
        case.action_propose_handover(self.choose([self.test.crc_2, self.test.manager, self.test.archivist]).id, "Leave")

    def _accept(self, case, user):
        self.test.as_user(self.complaint, self.complaint.handover_to_id or user).action_accept_handover()

    def _refuse(self, case, user):
        self.test.as_user(self.complaint, self.complaint.handover_to_id or user).action_refuse_handover("No time")

    def _unanswered(self, case, user):
        self.complaint.sudo().handover_ids.filtered(lambda h: h.state == "proposed")._do_return("returned", "Late")

    def _level(self, case, user):
        case.action_change_level(self.choose(["general", "important", "urgent"]), "Seen")

    def _involve(self, case, user):
        case.action_involve(
            self.test.env.ref(f"aftersales_crm.external_body_{self.choose(['media', 'authority', 'maker'])}").id
        )

    def _bodies(self, case, user):
        self.test._answer_bodies(self.complaint, user)

    def _lanes(self, case, user):
        case.write({"stop_driving": "advised", "maker_report": "reported", "safety_statement": "Tested"})

    def _appeal(self, case, user):
        appeal = self.complaint.sudo().appeal_ids.filtered(lambda a: a.state in ("open", "lodged"))[:1]
        if appeal.state == "open":
            appeal.with_user(appeal.user_id).action_lodge("I was not there")
        appeal.with_user(user).action_decide(self.choose([True, False]), "Heard")

    def _check_due(self, case, user):
        clocks = self.complaint.sudo().clock_ids
        clocks.filtered(
            lambda c: c.state == "running" and c.date_next_check and c.date_next_check <= self.now
        )._process_due()

    # What is always true ---------------------------------------------------

    def check(self, move, before):
        """Graph, custody, clocks, ends: whatever was done, and whoever did it."""
        complaint = self.complaint.sudo()
        complaint.invalidate_recordset()
        self.check_graph(move, before, complaint.state)
        self.check_custody(complaint)
        self.check_clocks(complaint)
        self.check_end(complaint)

    def check_graph(self, move, before, after):
        test = self.test
        test.assertIn(after, OPEN + TERMINAL)
        if before is None or before == after:
            return
        test.assertFalse(move.endswith("refused"), self.log)
        states, target = TRANSITIONS.get(move, ((), None))
        goodwill = move == "goodwill" and (before, after) == ("solution", "investigated")
        rewound = (move, after) in REWINDS
        test.assertTrue((before in states and after == target) or goodwill or rewound, self.log)

    def check_custody(self, complaint):
        """One hand at a time, from the first minute, without a gap while the case is open."""
        test = self.test
        rows = complaint.handover_ids.filtered("date_from").sorted("id").sorted("date_from")
        test.assertEqual(rows[0].date_from, complaint.date_received, self.log)
        gaps = 0
        for row, following in pairwise(rows):
            test.assertTrue(row.date_to and row.date_to <= following.date_from, self.log)
            gaps += row.date_to < following.date_from
        test.assertLessEqual(gaps, complaint.reopen_count, self.log)
        open_rows = rows.filtered(lambda row: not row.date_to)
        if complaint.state in TERMINAL:
            test.assertFalse(open_rows, self.log)
        else:
            test.assertEqual(open_rows.to_id, complaint.owner_id, self.log)
            test.assertEqual(len(open_rows), 1, self.log)
        proposed = complaint.handover_ids.filtered(lambda row: row.state == "proposed")
        test.assertEqual(proposed.to_id, complaint.handover_to_id, self.log)

    def check_clocks(self, complaint):
        """What is stored is what the ledger says, and the deadline is where an independent walk over it ends."""
        test, deadlines = self.test, []
        for clock in complaint.clock_ids:
            events = clock.event_ids.filtered(lambda e: e.kind not in ("breach", "escalation")).sorted("id")
            test.assertEqual(walk_state(events), clock.state, self.log)
            expected = walk_deadline(events)
            if clock.state == "running":
                test.assertEqual(clock.date_deadline, expected, (clock.code, self.log))
                deadlines.append(clock.date_deadline)
            if clock.state == "stopped" and expected:
                late = expected < clock.date_stop
                test.assertTrue(clock.is_breached or not late, (clock.code, self.log))
            test.assertLessEqual(len(clock.event_ids.filtered(lambda e: e.kind == "breach")), 1, self.log)
        test.assertEqual(complaint.next_deadline, min(deadlines, default=False), self.log)

    def check_end(self, complaint):
        """An ended case leaves nothing open, and no lane ends without what it demands."""
        test = self.test
        if complaint.state not in TERMINAL:
            return
        test.assertFalse(complaint.promise_ids.filtered(lambda p: p.state == "open"), self.log)
        test.assertFalse(complaint.waiting_for, self.log)
        running = complaint.clock_ids.filtered(lambda c: c.state != "stopped" and c.code != "gm_notice")
        # A maker's or a platform's matter may go on there after the answer
        running = running.filtered(lambda c: not c.code.startswith("external_settle"))
        test.assertFalse(running, self.log)
        if complaint.state != "merged":
            test.assertFalse(complaint.is_safety and not complaint.safety_statement, self.log)
            test.assertFalse(complaint.external_ids.filtered(lambda row: row.state == "open"), self.log)
            test.assertFalse(complaint.is_external and not complaint.external_ids, self.log)


def count_states(complaints):
    """The states as a plain count, to compare with what the database groups."""
    return Counter(complaints.mapped("state"))


def walk_state(events):
    """State of a clock after its events."""
    states = {"start": "running", "resume": "running", "reopen": "running", "pause": "paused", "stop": "stopped"}
    state = None
    for event in events:
        state = states.get(event.kind, state)
    return state


def walk_deadline(events):
    """Walk the seconds of the store's week along the ledger: the moment when the granted time is used up, or False.

    Written for the tests alone: no intervals, no fractions, nothing of `tools/clockwork.py`.
    """
    granted = [event for event in events if event.amount][-1]
    left = granted.amount * (3600 if granted.unit == "hour" else 8 * 3600)
    working = granted.time_kind == "working"
    # Amounts are kept to four digits of an hour: the deadline is the next whole second
    left = round(left) if granted.unit == "day" else -int(-left // 1)
    running_since = None
    for event in events:
        if running_since is not None and event.kind in ("pause", "stop"):
            end = _advance(running_since, left, working, event.date_event)
            if end is not None:
                return end
            left -= _seconds(running_since, event.date_event, working)
            running_since = None
        elif event.kind in ("start", "resume", "reopen"):
            running_since = event.date_event
    return False if running_since is None else _advance(running_since, left, working, None)


def _pieces(start, working):
    """(start, end) of the time that counts from a moment on, piece by piece."""
    if not working:
        yield start, start + timedelta(days=400)
        return
    day = (start + OFFSET).replace(hour=0, minute=0, second=0, microsecond=0) - OFFSET
    while True:
        if (day + OFFSET).weekday() < 5:
            for first, last in WORKING:
                begin, end = day + timedelta(hours=first), day + timedelta(hours=last)
                if end > start:
                    yield max(begin, start), end
        day += timedelta(days=1)


def _advance(start, seconds, working, until):
    """The moment when so many seconds have counted; None when that is not before `until`."""
    if seconds <= 0:
        return start
    for begin, end in _pieces(start, working):
        if until is not None and begin >= until:
            return None
        stop = end if until is None else min(end, until)
        length = (stop - begin).total_seconds()
        if length >= seconds:
            return begin + timedelta(seconds=seconds)
        seconds -= length
    return None


def _seconds(start, end, working):
    total = 0
    for begin, stop in _pieces(start, working):
        if begin >= end:
            return total
        total += (min(stop, end) - begin).total_seconds()
    return total
