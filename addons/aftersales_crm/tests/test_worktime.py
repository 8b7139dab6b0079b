from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools import clockwork
from ..tools.worktime import Calendar24
from .common import AftersalesCommon


@tagged("aftersales_engine")
class TestWorktime(AftersalesCommon):
    """Working time of the store (Asia/Shanghai, 8-12 and 13-17). 2026-11-23 is a Monday."""

    def deadline(self, start, amount, unit="day", store=None):
        """Local deadline of `amount` working days or hours from the local time `start`, as text."""
        store = store or self.store
        time = store._aftersales_worktime(date(2026, 11, 1), date(2027, 1, 15))
        begin = int(self.utc(start).replace(tzinfo=timezone.utc).timestamp())
        end = time.add_days(begin, Fraction(amount)) if unit == "day" else time.add_seconds(begin, int(amount * 3600))
        return (datetime(1970, 1, 1, 8) + timedelta(seconds=end)).strftime("%m-%d %H:%M")

    def test_half_day_crosses_the_night(self):
        """Half a working day is half of the day's hours: one hour is left on Wednesday, three follow on Thursday."""
        self.assertEqual(self.deadline("2026-11-25 16:00", "1/2"), "11-26 11:00")

    def test_lunch_break_does_not_count(self):
        """A clock that starts in the lunch break starts at its end."""
        self.assertEqual(self.deadline("2026-11-25 12:30", 2, "hour"), "11-25 15:00")
        self.assertEqual(self.deadline("2026-11-25 11:00", 2, "hour"), "11-25 14:00")

    def test_weekend_does_not_count(self):
        """One working day from Friday afternoon ends on Monday afternoon."""
        self.assertEqual(self.deadline("2026-11-27 16:00", 1), "11-30 16:00")

    def test_exact_boundary_is_the_end_of_the_interval(self):
        """Time that is used up in the last minute before a break is due then, not after the break."""
        self.assertEqual(self.deadline("2026-11-25 08:00", 4, "hour"), "11-25 12:00")
        self.assertEqual(self.deadline("2026-11-25 08:00", 8, "hour"), "11-25 17:00")
        self.assertEqual(self.deadline("2026-11-25 08:00", 1), "11-25 17:00")

    def test_public_holiday_does_not_count(self):
        """A public leave of the store is free time."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.store.id,
                "calendar_id": self.store.resource_calendar_id.id,
                "date_from": self.utc("2026-11-26 00:00"),
                "date_to": self.utc("2026-11-26 23:59"),
            }
        )
        self.assertEqual(self.deadline("2026-11-25 16:00", "1/2"), "11-27 11:00")

    def test_leaves_of_other_stores_do_not_count(self):
        """A leave of another store stops no clock here, in superuser mode either."""
        self.env["resource.calendar.leaves"].with_company(self.store_b).create(
            {
                "name": "Holiday elsewhere",
                "calendar_id": False,
                "date_from": self.utc("2026-11-26 00:00"),
                "date_to": self.utc("2026-11-26 23:59"),
            }
        )
        self.assertEqual(self.deadline("2026-11-25 16:00", "1/2"), "11-26 11:00")
        self.assertEqual(self.deadline("2026-11-25 16:00", "1/2", store=self.store_b), "11-27 11:00")

    def test_make_up_day_counts(self):
        """A make-up working day is worked like its weekday, on a Saturday and on a public holiday alike."""
        self.env["aftersales.working.day"].create(
            {"name": "Make-up", "date": date(2026, 11, 28), "dayofweek": "0", "company_id": self.store.id}
        )
        self.assertEqual(self.deadline("2026-11-27 16:00", 1), "11-28 16:00")
        self.assertEqual(self.deadline("2026-11-27 16:00", 1, store=self.store_b), "11-30 16:00")
        self.assertTrue(self.store._aftersales_is_working_day(date(2026, 11, 28)))
        self.assertFalse(self.store_b._aftersales_is_working_day(date(2026, 11, 28)))

    def test_half_of_a_short_saturday(self):
        """A day is the working day of that very date: half of a four-hour Saturday is two hours."""
        self.store.resource_calendar_id.attendance_ids = [
            (0, 0, {"name": "Saturday", "dayofweek": "5", "hour_from": 8, "hour_to": 12, "day_period": "morning"})
        ]
        self.assertEqual(self.deadline("2026-11-28 08:00", "1/2"), "11-28 10:00")
        self.assertEqual(self.deadline("2026-11-27 13:00", 1), "11-28 10:00")

    def test_day_until_midnight_leaves_no_residue(self):
        """A shift that ends at 24:00 ends at midnight to the second, although core stores 23:59:59.999999."""
        self.store.resource_calendar_id.attendance_ids = [
            (0, 0, {"name": "Night", "dayofweek": "2", "hour_from": 20, "hour_to": 24, "day_period": "afternoon"})
        ]
        self.assertEqual(self.deadline("2026-11-25 20:00", 4, "hour"), "11-26 00:00")

    def test_daylight_saving_time(self):
        """In a zone with DST the working hours follow the wall clock: 2026-03-29 is the change in Berlin."""
        self.store.resource_calendar_id.tz = "Europe/Berlin"
        time = self.store._aftersales_worktime(date(2026, 3, 27), date(2026, 4, 1))
        self.assertEqual([end - start for start, end in zip(time.starts, time.ends, strict=True)], [14400] * 6)
        self.assertEqual((time.starts[2] - time.starts[0]) / 3600, 71, "Friday 8:00 to Monday 8:00 is 71 hours")

    def test_no_calendar_is_said(self):
        """A store without a working calendar gets a sentence that says where to set one."""
        self.store.resource_calendar_id = False
        with self.assertRaisesRegex(UserError, "working calendar"):
            self.store._aftersales_worktime(date(2026, 3, 27), date(2026, 4, 1))

    def test_calendar_time(self):
        """24 calendar hours are 24 hours, weekend or not."""
        self.assertEqual(Calendar24().add_seconds(0, 86400), 86400)
        self.assertEqual(Calendar24().add_days(0, Fraction(1, 2)), 43200)


@tagged("aftersales_engine")
class TestClockwork(AftersalesCommon):
    """The ledger alone says state, time used and deadline."""

    hour = 3600
    budget = clockwork.Budget(Fraction(4), "hour", False)

    def ledger(self, *events):
        return clockwork.reckon(
            [clockwork.Event(kind, at * self.hour, self.budget if kind == "start" else None) for kind, at in events]
        )

    def test_pause_moves_the_deadline(self):
        """Time on pause is not used: two hours of pause move the deadline by two hours."""
        reckoning = self.ledger(("start", 0), ("pause", 1), ("resume", 3))
        self.assertEqual(clockwork.reached_at(reckoning, Calendar24()), 6 * self.hour)
        self.assertEqual(clockwork.used(reckoning, Calendar24(), 5 * self.hour), 3 * self.hour)

    def test_paused_clock_has_no_deadline(self):
        """Nobody can say when a paused clock ends."""
        self.assertIsNone(clockwork.reached_at(self.ledger(("start", 0), ("pause", 1)), Calendar24()))

    def test_reopened_clock_keeps_the_time_used(self):
        """A reopened clock runs on with what was left; the time while it was stopped is free."""
        reckoning = self.ledger(("start", 0), ("stop", 3), ("reopen", 10))
        self.assertEqual(clockwork.reached_at(reckoning, Calendar24()), 11 * self.hour)

    def test_change_of_policy_keeps_the_time_used(self):
        """A stricter level counts the time that was used before it."""
        strict = clockwork.Budget(Fraction(2), "hour", False)
        reckoning = clockwork.reckon(
            [
                clockwork.Event("start", 0, self.budget),
                clockwork.Event("change", 1 * self.hour, strict),
            ]
        )
        self.assertEqual(clockwork.reached_at(reckoning, Calendar24()), 2 * self.hour)

    def test_events_that_do_not_fit(self):
        """A paused clock cannot be paused, a stopped one not stopped, nothing happens before the start."""
        for events in (
            [("pause", 0)],
            [("start", 0), ("start", 1)],
            [("start", 0), ("pause", 1), ("pause", 2)],
            [("start", 0), ("resume", 1)],
            [("start", 0), ("stop", 1), ("stop", 2)],
            [("start", 0), ("reopen", 1)],
        ):
            with self.subTest(events=events), self.assertRaises(clockwork.LedgerError):
                self.ledger(*events)
