import logging
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction

from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import clockwork
from ..tools.worktime import Calendar24

_logger = logging.getLogger(__name__)

LEDGER_KINDS = tuple(clockwork.TRANSITIONS)
# Working calendars are read in stretches of this many days beyond what is needed, at most to the horizon
STRETCH_DAYS = 60
HORIZON_DAYS = 3660


class AftersalesClock(models.Model):
    """A named clock on a document: classify within 24 hours, reply within one working day.

    Everything but its name and its document is derived from the ledger (`event_ids`) by `tools/clockwork.py`; the
    stored values are a cache for lists, filters and the breach check, and `_reckon()` can make them again at any time.
    """

    _name = "aftersales.clock"
    _inherit = ["aftersales.protected.mixin", "aftersales.attached.mixin"]
    _description = "Clock"
    _order = "date_deadline, id"
    _rec_name = "name"
    _protected_append_only = True
    _allow_sudo_commands = False
    _attached_owner = "aftersales.clock.mixin"

    name = fields.Char(related="policy_id.name")
    code = fields.Char(required=True)
    company_id = fields.Many2one("res.company", required=True, index=True)
    policy_id = fields.Many2one("aftersales.sla.policy", ondelete="restrict", index=True)
    level = fields.Char()
    event_ids = fields.One2many("aftersales.clock.event", "clock_id", string="Ledger")

    # Derived from the ledger
    state = fields.Selection([("running", "Running"), ("paused", "Paused"), ("stopped", "Stopped")], index=True)
    date_start = fields.Datetime(string="Started")
    date_deadline = fields.Datetime(string="Deadline", help="Empty while the clock is paused.")
    date_stop = fields.Datetime(string="Stopped On")
    is_breached = fields.Boolean(string="Breached", help="Recorded once, never taken back.")
    date_next_check = fields.Datetime(help="When the breach check has something to do next.")
    result = fields.Selection(
        [("running", "Open"), ("met", "Met"), ("breached", "Breached")], compute="_compute_result", store=True
    )
    time_left = fields.Char(compute="_compute_time_left")
    time_used_hours = fields.Float(string="Hours Used", compute="_compute_time_used_hours", digits=(16, 2))

    _document_uniq = models.UniqueIndex("(res_model, res_id, code)", "The document already has this clock.")
    _due_idx = models.Index("(date_next_check) WHERE state = 'running'")

    @api.depends("state", "is_breached")
    def _compute_result(self):
        for clock in self:
            if clock.is_breached:
                clock.result = "breached"
            else:
                clock.result = "met" if clock.state == "stopped" else "running"

    @api.depends("state", "date_deadline")
    def _compute_time_left(self):
        now = _epoch(fields.Datetime.now())
        reckonings = self._reckonings()
        for clock in self:
            if clock.state == "paused":
                clock.time_left = self.env._("paused")
            elif clock.state != "running" or not clock.date_deadline or clock not in reckonings:
                clock.time_left = False
            else:
                reckoning, time, _deadline = reckonings[clock]
                deadline = _epoch(clock.date_deadline)
                late = now > deadline
                seconds = time.seconds(*((deadline, now) if late else (now, deadline)))
                clock.time_left = clock._format_left(seconds, late, reckoning.budget.working)

    @api.depends("state", "event_ids")
    def _compute_time_used_hours(self):
        now = _epoch(fields.Datetime.now())
        self.time_used_hours = 0.0
        for clock, (reckoning, time, _deadline) in self._reckonings().items():
            in_hours = clockwork.Budget(Fraction(1), "hour", reckoning.budget.working)
            clock.time_used_hours = float(clockwork.used(reckoning, time, now, in_hours) / 3600)

    def _format_left(self, seconds, late, working):
        minutes = seconds // 60
        days, rest = divmod(minutes, 1440) if not working else (0, minutes)
        span = self.env._("%(hours)s h %(minutes)s min", hours=rest // 60, minutes=rest % 60)
        if days:
            span = self.env._("%(days)s d %(span)s", days=days, span=span)
        if working:
            return (
                self.env._("%(span)s of working time late", span=span)
                if late
                else self.env._("%(span)s of working time left", span=span)
            )
        return self.env._("%(span)s late", span=span) if late else self.env._("%(span)s left", span=span)

    # ------------------------------------------------------------
    # LEDGER
    # ------------------------------------------------------------

    def _record_event(self, kind, at=None, reason=None, policy=None, level=None, deadline=None):
        """Add one ledger row to each clock and derive the stored values anew.

        :param at: event time (naive UTC), now by default; never in the future
        :param deadline: promised moment (naive UTC) that is granted instead of the policy's time
        :raises UserError: when the event does not fit the ledger, in the user's words
        """
        now = fields.Datetime.now()
        at = at or now
        if at > now + timedelta(minutes=1):
            raise UserError(self.env._("A clock event cannot lie in the future (%(time)s UTC).", time=at))
        base = {"kind": kind, "date_event": at, "reason": reason}
        if policy:
            base.update(
                policy_id=policy.id,
                level=level,
                amount=policy.amount,
                unit=policy.unit,
                time_kind=policy.time_kind,
            )
        if deadline:
            # Rounded down: the deadline is the next whole second after it, hence exactly the promised one.
            seconds = max(int((deadline - at).total_seconds()), 1)
            base.update(amount=seconds * 10000 // 3600 / 10000, unit="hour", time_kind="calendar")
        self.env["aftersales.clock.event"].sudo()._create_protected([dict(base, clock_id=clock.id) for clock in self])
        self.invalidate_recordset(["event_ids"])
        self._refresh()

    def _refresh(self, strict=True):
        """Derive the stored values from the ledger and hand the earliest deadline to the documents.

        :param strict: whether a calendar without working time is an error; else such a clock has no deadline until its
            calendar has hours again
        """
        values_by_clock = self._reckon(strict)
        for clock_sudo in self.sudo():
            values = values_by_clock.get(clock_sudo.id, {})
            changed = {name: value for name, value in values.items() if clock_sudo[name] != value}
            if changed:
                clock_sudo._write_protected(changed)
        stopped_sudo = self.sudo().filtered(lambda clock: clock.state == "stopped")
        stopped_sudo._record_late_stop()
        if stopped_sudo:
            # Who was reminded of a deadline has nothing to do any more
            self.env["mail.activity"].sudo().search([("aftersales_clock_id", "in", stopped_sudo.ids)]).unlink()
        self._refresh_documents()

    def _reckon(self, strict=True):
        """What the ledgers say, without writing it.

        :return: ``{clock id: {field: value}}`` for the derived fields
        """
        result = {}
        fired = self._fired_rungs()
        for clock, (reckoning, time, deadline) in self._reckonings().items():
            if strict and deadline is None and reckoning.state == "running":
                raise UserError(
                    self.env._(
                        "The working calendar of %(store)s has no working time in the next ten years, so the deadline "
                        "of '%(clock)s' cannot be reckoned.",
                        store=clock.company_id.display_name,
                        clock=clock.name,
                    )
                )
            result[clock.id] = {
                "state": reckoning.state,
                "date_start": _utc(reckoning.started),
                "date_deadline": _utc(deadline),
                "date_stop": _utc(reckoning.stopped),
                "date_next_check": _utc(clock._next_check(reckoning, time, deadline, fired[clock.id])),
            }
        return result

    def _reckonings(self):
        """Replay the ledgers.

        A clock whose ledger is still empty is left out.

        :return: ``{clock: (Reckoning, working time, deadline in epoch seconds or None)}``
        :raises UserError: when an event does not fit
        """
        ledgers = self._ledgers()
        reckonings = {}
        for clock in self.filtered(lambda clock: clock.id in ledgers):
            try:
                reckonings[clock] = clockwork.reckon(ledgers[clock.id])
            except clockwork.LedgerError as error:
                raise UserError(clock.sudo()._ledger_message(error)) from error
        result = {}
        by_calendar = defaultdict(list)
        always = Calendar24()
        calendars = self._calendars()
        for clock, reckoning in reckonings.items():
            if reckoning.budget.working:
                by_calendar[calendars[clock.id]].append(clock)
            else:
                result[clock] = (reckoning, always, clockwork.reached_at(reckoning, always))
        for (company, calendar), clocks in by_calendar.items():
            result.update(self._reckonings_on(company, calendar, {clock: reckonings[clock] for clock in clocks}))
        return result

    def _reckonings_on(self, company, calendar, reckonings):
        """The working-time part of `_reckonings`: the calendar is read once, further on only for who needs it."""
        now = _epoch(fields.Datetime.now())
        first = min(reckoning.started for reckoning in reckonings.values())
        last = max(max(now, item.stopped or 0, item.since or 0) for item in reckonings.values())
        result = {}
        days = STRETCH_DAYS
        while reckonings:
            time = company._aftersales_worktime(
                _utc(first).date() - timedelta(days=1), _utc(last).date() + timedelta(days=days), calendar
            )
            missing = {}
            for clock, reckoning in reckonings.items():
                deadline = clockwork.reached_at(reckoning, time)
                if deadline is None and reckoning.state == "running" and days <= HORIZON_DAYS:
                    missing[clock] = reckoning
                else:
                    result[clock] = (reckoning, time, deadline)
            reckonings = missing
            days *= 4
        return result

    def _ledgers(self):
        """``{clock id: [Event]}`` in the order of event time, without breaches and rungs."""
        names = ["clock_id", "kind", "date_event", "amount", "unit", "time_kind"]
        domain = [("clock_id", "in", self.ids), ("kind", "in", LEDGER_KINDS)]
        rows = self.env["aftersales.clock.event"].sudo().search_fetch(domain, names)._read_format(names, load=None)
        budgets = {}
        ledgers = defaultdict(list)
        for row in rows:
            budget = None
            if row["amount"]:
                key = (row["amount"], row["unit"], row["time_kind"])
                if key not in budgets:
                    amount = Fraction(f"{row['amount']:.4f}")
                    budgets[key] = clockwork.Budget(amount, row["unit"], row["time_kind"] == "working")
                budget = budgets[key]
            ledgers[row["clock_id"]].append(clockwork.Event(row["kind"], _epoch(row["date_event"]), budget))
        return ledgers

    def _calendars(self):
        """``{clock id: (company, calendar)}``: the working calendar of the document, else of its company.

        Only for clocks in working time: others need none.
        """
        result = {}
        for model, clocks in self.sudo().grouped("res_model").items():
            documents = self.env[model].sudo().browse(clocks.mapped("res_id"))
            own = documents._clock_calendars()
            fallback = {}
            for clock in clocks:
                company = clock.company_id
                calendar = own.get(clock.res_id)
                if not calendar:
                    if company not in fallback:
                        fallback[company] = company.resource_calendar_id
                    calendar = fallback[company]
                result[clock.id] = (company, calendar)
        return result

    def _ledger_message(self, error):
        states = dict(self._fields["state"]._description_selection(self.env))
        kinds = dict(self.env["aftersales.clock.event"]._fields["kind"]._description_selection(self.env))
        return self.env._(
            "Clock '%(clock)s' of %(document)s: '%(event)s' does not fit, because the clock is '%(state)s' at that time.",
            clock=self.name,
            document=self.record_name,
            event=kinds[error.kind],
            state=states.get(error.state, self.env._("not started")),
        )

    @api.model
    def _calendar_changed(self):
        """A holiday, make-up day or working hour changed: derive the deadlines of running clocks anew.

        Once, at the end of the transaction: a calendar is edited line by line, and empty in between.
        """
        precommit = self.env.cr.precommit
        if not precommit.data.get("aftersales_calendar_changed"):
            precommit.data["aftersales_calendar_changed"] = True
            precommit.add(self.sudo()._refresh_running)

    @api.model
    def _refresh_running(self):
        """Derive the deadlines of all running clocks anew."""
        self.env.cr.precommit.data.pop("aftersales_calendar_changed", None)
        self.search([("state", "=", "running")])._refresh(strict=False)
        self.env.flush_all()

    # ------------------------------------------------------------
    # BREACH AND ESCALATION
    # ------------------------------------------------------------

    def _fired_rungs(self):
        """Rules already climbed, and ``"breach"``, by clock id."""
        events = (
            self.env["aftersales.clock.event"]
            .sudo()
            .search([("clock_id", "in", self.ids), ("kind", "in", ("breach", "escalation"))])
        )
        fired = defaultdict(set)
        for event in events:
            fired[event.clock_id.id].add("breach" if event.kind == "breach" else event.rule_id.id)
        return fired

    def _open_rungs(self, time, deadline, fired):
        """``[(instant, rule or None)]`` still to climb; None is the breach itself, due one second after the deadline."""
        rungs = [] if "breach" in fired else [(deadline + 1, None)]
        for rule in self.policy_id.sudo().escalation_ids:
            if rule.id not in fired:
                rungs.append((time.shift(deadline, rule._offset_seconds()), rule))
        return sorted((rung for rung in rungs if rung[0] is not None), key=lambda rung: rung[0])

    def _next_check(self, reckoning, time, deadline, fired):
        if reckoning.state != "running" or deadline is None:
            return None
        rungs = self._open_rungs(time, deadline, fired)
        return rungs[0][0] if rungs else None

    def _record_late_stop(self):
        """A clock that was stopped after its deadline is breached, whether or not the breach check saw it before."""
        for clock in self:
            if clock.date_deadline and clock.date_stop > clock.date_deadline and not clock.is_breached:
                clock._record_breach()

    def _record_breach(self):
        self.ensure_one()
        self.env["aftersales.clock.event"].sudo()._create_protected(
            [
                {
                    "clock_id": self.id,
                    "kind": "breach",
                    "date_event": self.date_deadline,
                    "date_deadline": self.date_deadline,
                    "user_id": self.env.ref("base.user_root").id,
                }
            ]
        )
        self.sudo()._write_protected({"is_breached": True})
        self._refresh_documents()
        self._record().sudo()._clock_breached(self)

    def _climb(self, rule, deadline):
        """Climb one rung: ledger row and notice in one transaction."""
        self.ensure_one()
        self.env["aftersales.clock.event"].sudo()._create_protected(
            [
                {
                    "clock_id": self.id,
                    "kind": "escalation",
                    "date_event": fields.Datetime.now(),
                    "date_deadline": deadline,
                    "rule_id": rule.id,
                    "reason": rule.name,
                    "user_id": self.env.ref("base.user_root").id,
                }
            ]
        )
        record_sudo = self._record().sudo()
        users = record_sudo._clock_recipients("owner")
        if rule.recipient == "group":
            users = record_sudo._clock_group_users(rule.group_id)
        record_sudo._clock_notify(self, rule, users)

    def _process_due(self):
        """Record the breaches and climb the rungs that are due, each once, in the order of their time."""
        now = _epoch(fields.Datetime.now())
        fired = self._fired_rungs()
        for clock, (reckoning, time, deadline) in self._reckonings().items():
            if reckoning.state == "running" and deadline is not None:
                for instant, rule in clock._open_rungs(time, deadline, fired[clock.id]):
                    if instant > now:
                        break
                    if rule:
                        clock._climb(rule, _utc(deadline))
                    else:
                        clock._record_breach()
        self._refresh()

    @api.model
    def _cron_check(self):
        """Breach check and escalation ladder. Safe to run twice, by two workers, and after any pause."""
        domain = [("state", "=", "running"), ("date_next_check", "<=", fields.Datetime.now())]
        due = self.search(domain)
        self.env["ir.cron"]._commit_progress(remaining=len(due))
        for clock in due:
            try:
                clock = clock.try_lock_for_update().filtered_domain(domain)
                if not clock:
                    continue
                clock._process_due()
            except TransactionRollbackError:
                # Another worker had this clock between two looks: it has done the work.
                self.env.cr.rollback()
                continue
            except UserError as error:
                self.env.cr.rollback()
                _logger.warning("Clock %s could not be checked: %s", clock.id, error)
            if not self.env["ir.cron"]._commit_progress(1):
                break

    # ------------------------------------------------------------
    # DOCUMENTS
    # ------------------------------------------------------------

    def _refresh_documents(self):
        """Hand the earliest running deadline and the breach mark to the documents, for their lists and filters."""
        for model, clocks in self.sudo().grouped("res_model").items():
            records = self.env[model].sudo().browse(set(clocks.mapped("res_id"))).exists()
            records.invalidate_recordset(["clock_ids"])
            for record in records:
                running = record.clock_ids.filtered(lambda clock: clock.state == "running" and clock.date_deadline)
                values = {
                    "next_deadline": min(running.mapped("date_deadline"), default=False),
                    "clock_breached": any(record.clock_ids.mapped("is_breached")),
                }
                changed = {name: value for name, value in values.items() if record[name] != value}
                if changed:
                    record._write_protected(changed)


def _epoch(moment):
    return int(moment.replace(tzinfo=timezone.utc).timestamp())


def _utc(epoch):
    """Naive UTC datetime of epoch seconds; None and False become False, as an empty field reads."""
    return datetime.fromtimestamp(epoch, timezone.utc).replace(tzinfo=None) if epoch else False
