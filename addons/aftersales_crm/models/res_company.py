from datetime import datetime, time, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

from odoo import fields, models
from odoo.exceptions import UserError

from ..tools.worktime import WorkTime

DAY = timedelta(days=1)
UTC = timezone.utc


class ResCompany(models.Model):
    _inherit = "res.company"

    aftersales_allow_exceptions = fields.Boolean(
        string="Exceptions to Independence",
        help="A small store may let the same person decide twice when a reason is stated. The monthly report counts "
        "these exceptions.",
    )

    # ------------------------------------------------------------
    # STORE TIME
    # ------------------------------------------------------------

    def _aftersales_calendar(self):
        """The working calendar of the store.

        :raises UserError: when the store has none, saying where to set it
        """
        self.ensure_one()
        calendar = self.sudo().resource_calendar_id
        if not calendar:
            raise UserError(
                self.env._(
                    "%(store)s has no working calendar, so no working-time deadline can be reckoned. "
                    "Set one under Settings > Companies > Working Hours.",
                    store=self.display_name,
                )
            )
        return calendar

    def _aftersales_tz(self):
        """Time zone of the store (ZoneInfo): that of its calendar, of its address, else UTC."""
        self.ensure_one()
        company_sudo = self.sudo()
        return ZoneInfo(company_sudo.resource_calendar_id.tz or company_sudo.partner_id.tz or "UTC")

    def _aftersales_local(self, moment):
        """Store time (aware) of a naive UTC datetime."""
        return moment.replace(tzinfo=UTC).astimezone(self._aftersales_tz())

    def _aftersales_today(self):
        """Today's date in the store."""
        return self._aftersales_local(fields.Datetime.now()).date()

    def _aftersales_day_start(self, date):
        """First moment (naive UTC) of a store day."""
        return datetime.combine(date, time.min, self._aftersales_tz()).astimezone(UTC).replace(tzinfo=None)

    def _aftersales_is_working_day(self, date):
        """Whether the store works on that date: calendar, public holidays and make-up days considered."""
        return bool(self._aftersales_worktime(date, date + DAY).total)

    def _aftersales_working_days(self, date_from, date_to):
        """The store's working days in ``[date_from, date_to]``, as a list of dates."""
        worktime = self._aftersales_worktime(date_from, date_to + DAY)
        return [datetime.fromordinal(day).date() for day in worktime.days]

    def _aftersales_add_working_days(self, moment, days):
        """When so many working days of the store have passed since `moment`; both naive UTC.

        :raises UserError: when the store has no working time in the next year
        """
        self.ensure_one()
        first = self._aftersales_local(moment).date()
        worktime = self._aftersales_worktime(first, first + timedelta(days=366))
        end = worktime.add_days(int(moment.replace(tzinfo=UTC).timestamp()), Fraction(str(days)))
        if end is None:
            raise UserError(
                self.env._("%(store)s has no working time in the next year: check its hours.", store=self.display_name)
            )
        return datetime.fromtimestamp(end, UTC).replace(tzinfo=None)

    def _aftersales_worktime(self, date_from, date_to, calendar=None):
        """Working time of the store in ``[date_from, date_to)``, both store dates.

        Only leaves of this store and of all stores count: core would add those of other companies for the superuser.

        :return: :class:`~..tools.worktime.WorkTime`, in whole epoch seconds
        """
        self.ensure_one()
        calendar = (calendar or self._aftersales_calendar()).sudo()
        tz = ZoneInfo(calendar.tz or "UTC")
        start = datetime.combine(date_from, time.min, tz)
        end = datetime.combine(date_to, time.min, tz)
        leaves = [("time_type", "=", "leave"), ("company_id", "in", [False, self.id])]
        spans = [
            (begin.astimezone(tz), stop.astimezone(tz))
            for begin, stop, _meta in calendar._work_intervals_batch(start, end, domain=leaves)[False]
        ]
        made_up = self._aftersales_made_up_spans(calendar, tz, date_from, date_to)
        spans = [span for span in spans if span[0].date() not in made_up]
        spans += [span for day_spans in made_up.values() for span in day_spans]
        return WorkTime(sorted(_split_by_day(spans)), (_epoch(start), _epoch(end)))

    def _aftersales_made_up_spans(self, calendar, tz, date_from, date_to):
        """Working spans of the make-up days, which are worked whatever the calendar and the holidays say.

        :return: ``{date: [(start, end)]}``, aware datetimes
        """
        days = (
            self.env["aftersales.working.day"]
            .sudo()
            .search(
                [("date", ">=", date_from), ("date", "<", date_to), ("company_id", "in", [False, self.id])],
            )
        )
        result = {}
        for day in days:
            midnight = datetime.combine(day.date, time.min)
            week_type = str(calendar.env["resource.calendar.attendance"].get_week_type(day.date))
            result[day.date] = sorted(
                (
                    (midnight + timedelta(seconds=round(line.hour_from * 3600))).replace(tzinfo=tz),
                    (midnight + timedelta(seconds=round(line.hour_to * 3600))).replace(tzinfo=tz),
                )
                for line in calendar.attendance_ids
                if line.dayofweek == day.dayofweek
                and line.day_period != "lunch"
                and not line.display_type
                and (not calendar.two_weeks_calendar or line.week_type == week_type)
            )
        return result


def _epoch(moment):
    """Whole epoch seconds; core's 23:59:59.999999 is midnight."""
    return round(moment.timestamp())


def _split_by_day(spans):
    """Yield ``(start, end, day ordinal)`` in epoch seconds, cut at local midnight."""
    for start, end in spans:
        midnight = datetime.combine(start.date() + DAY, time.min, start.tzinfo)
        while end > midnight:
            yield _epoch(start), _epoch(midnight), start.toordinal()
            start, midnight = midnight, midnight + DAY
        if _epoch(end) > _epoch(start):
            yield _epoch(start), _epoch(end), start.toordinal()
