from datetime import date, datetime, timedelta, timezone

from odoo.tests import BaseCase, tagged

from ..tools.candidates import Judge, new_row, stands
from ..tools.daytime import parts_of_day, subtract

TODAY = date(2026, 11, 23)


@tagged("post_install", "-at_install")
class TestCandidates(BaseCase):
    """Whom a plan calls, without a database."""

    def judge(self, *rows, **known):
        values = {"absent_left": 9, "blocked": set(), "given": set(), "months": set(), "busy": {}, **known}
        rows = [
            new_row(
                **{
                    "partner_id": number,
                    "date_due": TODAY,
                    "date_expiry": TODAY + timedelta(days=12),
                    "callback_consent": "yes",
                    "has_phone": True,
                    **row,
                }
            )
            for number, row in enumerate(rows, 1)
        ]
        Judge(today=TODAY, cooldown=timedelta(days=7), **values).judge(rows)
        return [row["reason_code"] for row in rows]

    def test_consent_comes_first(self):
        """No consent is told before anything else, and not asked is no consent."""
        self.assertEqual(
            self.judge(
                {"partner_id": None},
                {"callback_consent": "no"},
                {"callback_consent": "not_asked", "has_phone": False},
                {"callback_consent": "not_asked"},
                {"partner_id": 8},
                {"kind": "absent"},
                {"has_phone": False},
                given={4},
                blocked={8},
            ),
            [
                "out_no_customer",
                "out_refused",
                "out_not_asked",
                "in_repair",
                "out_blocked",
                "out_no_consent",
                "out_no_phone",
            ],
        )

    def test_one_call_of_a_kind_a_month(self):
        """The second order of a month is out; an absent call is out when the customer is called anyway."""
        same = {"partner_id": 7}
        self.assertEqual(
            self.judge(same, same, {**same, "kind": "absent"}, given={7}), ["in_repair", "out_month", "out_cooldown"]
        )

    def test_window(self):
        """A window that is over counts as missed; one that ends in the quiet days after another call is out."""
        over = {"date_due": TODAY - timedelta(days=20), "date_expiry": TODAY - timedelta(days=8)}
        self.assertEqual(self.judge(over), ["in_missed"])
        self.assertEqual(self.judge({}, busy={1: TODAY + timedelta(days=6)}), ["out_cooldown"])
        self.assertEqual(self.judge({}, busy={1: TODAY + timedelta(days=5)}), ["in_repair"])

    def test_two_orders_of_a_customer(self):
        """Two orders of two months: the second call waits until the first has its day, and keeps clear of it."""
        first = {"partner_id": 7, "date_due": TODAY, "date_expiry": TODAY + timedelta(days=12)}
        second = {"partner_id": 7, "date_due": TODAY + timedelta(days=8), "date_expiry": TODAY + timedelta(days=18)}
        self.assertEqual(self.judge(first, second), ["in_repair", "out_cooldown"])
        self.assertEqual(self.judge(second, busy={7: TODAY + timedelta(days=3)}), ["in_repair"])

    def test_quota_of_absent_calls(self):
        """The limit counts those who are taken in, the earlier ones first."""
        absent = {"kind": "absent"}
        self.assertEqual(
            self.judge(absent, {**absent, "has_phone": False}, absent, absent, given={1, 2, 3, 4}, absent_left=2),
            ["in_absent", "out_no_phone", "in_absent", "out_quota"],
        )

    def test_what_stands(self):
        """A call stays on a place that there is, with a fit agent, inside its window."""
        row = new_row(user_id=5, date_planned=TODAY, first=TODAY, date_expiry=TODAY)
        self.assertTrue(stands(row, {(5, TODAY)}))
        self.assertFalse(stands(row, set()))
        self.assertFalse(stands({**row, "involved": frozenset({5})}, {(5, TODAY)}))
        self.assertFalse(stands({**row, "first": TODAY + timedelta(days=1)}, {(5, TODAY)}))

    def test_time_that_is_left(self):
        """An absence cuts the spans; what is left says in which parts of the day the agent works."""
        midnight = int(datetime(2026, 11, 23, tzinfo=timezone.utc).timestamp())

        def span(start, end):
            return midnight + start * 3600, midnight + end * 3600

        free = subtract([span(8, 12), span(13, 17)], [span(11, 14)])
        self.assertEqual(free, [span(8, 11), span(14, 17)])
        self.assertEqual(parts_of_day(free, timezone.utc), {"morning", "afternoon"})
        self.assertEqual(parts_of_day([span(10, 18)], timezone.utc), {"morning", "afternoon"})
        self.assertEqual(parts_of_day([span(17, 19)], timezone.utc), {"afternoon", "evening"})
        self.assertEqual(subtract([span(8, 12)], [span(7, 13)]), [])
