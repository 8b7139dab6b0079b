from datetime import timedelta

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import AftersalesCommon


@tagged("aftersales_engine")
class TestClock(AftersalesCommon):
    """Clocks on a document, here on a request for a decision. 2026-11-23 is a Monday; hours 8-12 and 13-17."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls._create_policy("general", 8, "hour", "working")
        cls.strict = cls._create_policy("urgent", 4, "hour", "working")
        with freeze_time(cls.utc("2026-11-23 08:00")):
            cls.vehicle = (
                cls.env["aftersales.vehicle"]
                .with_user(cls.advisor)
                .create(
                    {
                        "vin": "LATPAB071W1005301",
                        "model_id": cls.car_model.id,
                        "partner_id": cls.env["res.partner"].create({"name": "Owner"}).id,
                    }
                )
            )
            cls.vehicle.action_submit()
        cls.document = cls.vehicle.sudo().approval_ids

    @classmethod
    def _create_policy(cls, level, amount, unit, time_kind, **values):
        return cls.env["aftersales.sla.policy"].create(
            {
                "name": f"Test {level}",
                "res_model": "aftersales.approval",
                "code": "test",
                "level": level,
                "amount": amount,
                "unit": unit,
                "time_kind": time_kind,
                **values,
            }
        )

    def start(self, at="2026-11-23 08:00", level="general"):
        with freeze_time(self.utc(at)):
            self.document._clock_start("test", level=level)
        return self.document._clocks("test")

    def at(self, moment):
        return freeze_time(self.utc(moment))

    def assertDeadline(self, clock, moment):
        self.assertEqual(clock.date_deadline, self.utc(moment))

    def assertStoredIsDerived(self, clock):
        """The stored values are what the ledger says."""
        for name, value in clock._reckon()[clock.id].items():
            self.assertEqual(clock[name], value, name)

    def test_life(self):
        """Started, paused over lunch and more, resumed, changed to a stricter level, stopped in time."""
        clock = self.start()
        self.assertDeadline(clock, "2026-11-23 17:00")
        with self.at("2026-11-23 09:00"):
            self.document._clock_pause("Waiting for a part", "test")
        self.assertEqual((clock.state, clock.date_deadline), ("paused", False))
        with self.at("2026-11-23 15:00"):
            self.document._clock_resume("test")
        self.assertDeadline(clock, "2026-11-24 14:00")
        self.assertStoredIsDerived(clock)
        with self.at("2026-11-23 16:00"):
            self.document._clock_change("urgent", reason="A second car is concerned")
        self.assertDeadline(clock, "2026-11-24 09:00")
        with self.at("2026-11-24 08:30"):
            self.document._clock_stop("test")
        self.assertRecordValues(clock, [{"state": "stopped", "is_breached": False, "result": "met"}])
        self.assertStoredIsDerived(clock)
        self.assertEqual(clock.event_ids.mapped("kind"), ["start", "pause", "resume", "change", "stop"])
        self.assertEqual(clock.event_ids[1].reason, "Waiting for a part")

    def test_exact_last_minute_is_in_time(self):
        """Stopped on the deadline itself is met; a second later is breached."""
        clock = self.start()
        with self.at("2026-11-23 17:00"):
            self.document._clock_stop("test")
            self.assertEqual(clock.result, "met")
            self.document._clock_reopen("test")
        with freeze_time(self.utc("2026-11-24 08:00") + timedelta(seconds=1)):
            self.document._clock_stop("test")
        self.assertEqual(clock.result, "breached")

    def test_breach_is_recorded_once_and_stays(self):
        """A breach survives stop, reopening and a more generous level."""
        generous = self._create_policy("lenient", 80, "hour", "working")
        clock = self.start()
        with self.at("2026-11-24 08:01"):
            clock._process_due()
            clock._process_due()
        self.assertTrue(clock.is_breached)
        self.assertEqual(clock.event_ids.mapped("kind").count("breach"), 1)
        with self.at("2026-11-24 09:00"):
            self.document._clock_change("lenient")
        self.assertEqual(clock.policy_id, generous)
        with self.at("2026-11-24 10:00"):
            self.document._clock_stop("test")
        self.assertEqual(clock.result, "breached")

    def test_late_entry_keeps_both_times(self):
        """An event that is entered late counts from when it happened; the entry time is kept beside it."""
        clock = self.start()
        with self.at("2026-11-24 09:00"):
            self.document._clock_stop("test", at=self.utc("2026-11-23 16:30"))
        event = clock.event_ids[-1]
        self.assertEqual(event.date_event, self.utc("2026-11-23 16:30"))
        self.assertEqual(event.date_entry, self.utc("2026-11-24 09:00"))
        self.assertEqual(clock.result, "met")

    def test_events_out_of_order_are_refused(self):
        """An event before the start, in the future, or one that does not fit is refused with a sentence."""
        clock = self.start()
        with self.at("2026-11-23 10:00"):
            for kind, moment in (
                ("stop", "2026-11-23 07:00"),
                ("stop", "2026-11-23 11:00"),
                ("resume", "2026-11-23 09:00"),
                ("reopen", "2026-11-23 09:00"),
            ):
                with self.subTest(kind=kind, moment=moment), self.assertRaises(UserError), self.env.cr.savepoint():
                    clock._record_event(kind, self.utc(moment))
            self.assertEqual(clock.event_ids.mapped("kind"), ["start"])

    def test_start_twice_is_one_clock(self):
        """Starting a running clock again changes nothing; starting a stopped one lets it run on."""
        clock = self.start()
        self.assertEqual(self.start("2026-11-23 10:00"), clock)
        self.assertDeadline(clock, "2026-11-23 17:00")
        with self.at("2026-11-23 11:00"):
            self.document._clock_stop("test")
        self.start("2026-11-24 08:00")
        self.assertDeadline(clock, "2026-11-24 14:00")

    def test_a_policy_edit_moves_nothing_that_runs(self):
        """A running clock keeps the limit with which it started."""
        clock = self.start()
        self.policy.amount = 1
        clock._refresh()
        self.assertDeadline(clock, "2026-11-23 17:00")

    def test_a_new_holiday_moves_what_runs(self):
        """A holiday or make-up day entered later moves the deadlines that still run, not those that have ended."""
        running = self.start("2026-11-23 10:00")
        self.assertDeadline(running, "2026-11-24 10:00")
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.store.resource_calendar_id.id,
                "date_from": self.utc("2026-11-24 00:00"),
                "date_to": self.utc("2026-11-24 23:59"),
            }
        )
        self.env.cr.precommit.run()
        self.assertDeadline(running, "2026-11-25 10:00")
        self.assertStoredIsDerived(running)
        self.env["aftersales.working.day"].create(
            {"name": "Make-up", "date": "2026-11-24", "company_id": self.store.id}
        )
        self.env.cr.precommit.run()
        self.assertDeadline(running, "2026-11-24 10:00")

    def test_policy_choice(self):
        """The store's policy before the general one, the level's before the one for all, the latest valid date."""
        find = self.env["aftersales.sla.policy"]._find
        own = self._create_policy("general", 2, "hour", "calendar", company_id=self.store.id)
        everyone = self._create_policy(False, 40, "hour", "calendar")
        new_law = self._create_policy("urgent", 1, "hour", "calendar", date_from="2026-12-01")
        day = self.utc("2026-11-23 08:00").date()
        self.assertEqual(find("aftersales.approval", "test", "general", self.store, day), own)
        self.assertEqual(find("aftersales.approval", "test", "general", self.store_b, day), self.policy)
        self.assertEqual(find("aftersales.approval", "test", "important", self.store, day), everyone)
        self.assertEqual(find("aftersales.approval", "test", "urgent", self.store, day), self.strict)
        self.assertEqual(find("aftersales.approval", "test", "urgent", self.store, new_law.date_from), new_law)
        self.assertFalse(find("aftersales.approval", "unknown", "urgent", self.store, day))

    def test_ladder_climbs_each_rung_once_in_order(self):
        """Before, at and after the deadline: each rung once, also when the check did not run for days."""
        manager_group = self.env.ref("aftersales_crm.group_aftersales_manager")
        gm_group = self.env.ref("aftersales_crm.group_aftersales_gm")
        self.policy.escalation_ids = [
            (0, 0, {"name": "Soon", "trigger": "before", "offset_hours": 2, "recipient": "owner"}),
            (0, 0, {"name": "Now", "trigger": "at", "recipient": "group", "group_id": manager_group.id}),
            (
                0,
                0,
                {"name": "Late", "trigger": "after", "offset_hours": 4, "recipient": "group", "group_id": gm_group.id},
            ),
        ]
        clock = self.start()
        self.assertEqual(clock.date_next_check, self.utc("2026-11-23 15:00"))
        with self.at("2026-11-23 15:00"):
            clock._process_due()
        rungs = clock.event_ids.filtered(lambda event: event.kind == "escalation")
        self.assertEqual(rungs.mapped("reason"), ["Soon"])
        with self.at("2026-11-27 15:00"):
            clock._process_due()
            clock._process_due()
        events = clock.event_ids.sorted(lambda event: (event.date_event, event.id))
        self.assertEqual(events.mapped("kind"), ["start", "escalation", "breach", "escalation", "escalation"])
        rungs = events.filtered(lambda event: event.kind == "escalation")
        self.assertEqual(rungs.mapped("reason"), ["Soon", "Now", "Late"])
        self.assertFalse(clock.date_next_check, "nothing is left to do")
        reminders = self.vehicle.activity_ids.filtered("aftersales_clock_id")
        self.assertEqual(len(reminders), len(reminders.user_id), "one reminder a person, renewed by each rung")
        told = self.env["mail.message"].search([("model", "=", self.vehicle._name), ("res_id", "=", self.vehicle.id)])
        self.assertIn(self.gm.partner_id, told.notified_partner_ids)
        self.assertNotIn(self.gm_b.partner_id, told.notified_partner_ids, "nobody of another store is told")

    def test_only_due_clocks_are_touched(self):
        """The check looks at what is due; a clock that is not is left alone."""
        clock = self.start()
        domain = [("state", "=", "running"), ("date_next_check", "<=", self.utc("2026-11-23 12:00"))]
        self.assertNotIn(clock, self.env["aftersales.clock"].search(domain))

    def test_real_scheduled_action(self):
        """The scheduled action itself records the breach."""
        clock = self.start()
        with self.at("2026-11-24 08:10"), self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_clock_check").method_direct_trigger()
        self.assertTrue(clock.is_breached)

    def test_half_a_day_of_a_short_saturday(self):
        """A limit in days follows the length of the very day."""
        self.store.resource_calendar_id.attendance_ids = [
            (0, 0, {"name": "Saturday", "dayofweek": "5", "hour_from": 8, "hour_to": 12, "day_period": "morning"})
        ]
        self._create_policy("half", 0.5, "day", "working")
        clock = self.start("2026-11-28 08:00", "half")
        self.assertDeadline(clock, "2026-11-28 10:00")

    def test_what_a_person_reads(self):
        """A person reads working time left, and how late it is."""
        clock = self.start()
        with self.at("2026-11-23 11:50"):
            clock.invalidate_recordset(["time_left"])
            self.assertEqual(clock.time_left, "4 h 10 min of working time left")
        with self.at("2026-11-24 09:30"):
            clock.invalidate_recordset(["time_left"])
            self.assertEqual(clock.time_left, "1 h 30 min of working time late")

    def test_store_without_hours(self):
        """A calendar without any working hour cannot give a deadline: the sentence says which store and clock.

        What runs already waits for hours again instead of hindering whoever edits the calendar.
        """
        running = self.document._clocks("decide")
        lines = self.store.resource_calendar_id.attendance_ids.copy_data()
        self.store.resource_calendar_id.attendance_ids.unlink()
        self.env.cr.precommit.run()
        self.assertFalse(running.date_deadline)
        with self.assertRaisesRegex(UserError, "no working time"), self.env.cr.savepoint():
            self.start()
        self.env["resource.calendar.attendance"].create(lines)
        self.env.cr.precommit.run()
        self.assertTrue(running.date_deadline)

    def test_limits_are_positive(self):
        """A policy of no time, or a rung for no role, cannot be saved."""
        with self.assertRaises(ValidationError):
            self.policy.escalation_ids = [(0, 0, {"name": "Nobody", "recipient": "group"})]

    def test_query_count_is_flat(self):
        """Deadlines of ten times as many clocks take no more queries."""

        def queries(clocks):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            clocks._reckon()
            return self.env.cr.sql_log_count - before

        clocks = self.env["aftersales.clock"]._create_protected(
            [
                {
                    "name": "Many",
                    "code": "many",
                    "res_model": "aftersales.approval",
                    "res_id": -1 - number,
                    "company_id": self.store.id,
                    "policy_id": self.policy.id,
                }
                for number in range(50)
            ]
        )
        with self.at("2026-11-23 08:00"):
            clocks._record_event("start", policy=self.policy, level="general")
        self.assertEqual(queries(clocks[:5]), queries(clocks))
