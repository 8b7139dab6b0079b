"""The demo store's stage: whose turn it is, at what time, and in which order things happen."""

import heapq
import itertools
import logging
import random
import time
from datetime import datetime, timedelta

from odoo import api, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

SEED = 20260401
# No message "you were assigned" for each activity: the activities themselves are what people see
QUIET = {"mail_activity_quick_update": True, "mail_notify_force_send": False}
# Modules that need the real time while the store's time stands still
REAL_TIME_MODULES = ["logging", "threading", "odoo.sql_db", "odoo.tools.profiler", "odoo.modules.loading", __name__]


class Stage:
    """What the builders share: the clock, the dice, the people, the cars, and what is still to happen.

    Plain Python, so that nothing of it can be reached from outside.
    """

    def __init__(self, env, frozen, now):
        self.root = env
        self.frozen = frozen
        self.end = now
        self.now = now
        self.dice = random.Random(SEED)
        self.stores = {}
        self.users = {}
        self.refused = 0
        self._envs = {}
        self._queue = []
        self._numbers = itertools.count()

    # People ------------------------------------------------------------

    def env(self, login):
        """The environment of a person of the store: own rights, own store, own time zone; no superuser."""
        if login not in self._envs:
            user = self.users[login]
            context = {"lang": user.lang, "tz": user.tz, "allowed_company_ids": user.company_ids.ids, **QUIET}
            self._envs[login] = self.root(user=user.id, su=False, context=context)
        return self._envs[login]

    def as_user(self, login, records):
        """The records as a person sees them."""
        return records.with_env(self.env(login))

    # Time --------------------------------------------------------------

    def utc(self, day, hour=9, minute=0):
        """Naive UTC of a Chinese wall clock: UTC+8, no summer time."""
        return datetime(day.year, day.month, day.day) + timedelta(hours=hour - 8, minutes=minute)

    def local(self, moment):
        return moment + timedelta(hours=8)

    def move_to(self, moment):
        """Finish what belongs to the moment before (chatter, stored values), then let the clock show another one."""
        self.root.cr.flush()
        self.now = moment
        self.frozen.move_to(moment)
        # The moment of writing is the moment of the transaction: without this all history was written today
        self.root.cr._now = moment

    def at(self, moment, function, *args):
        """Plan something; what would happen after today never happens, so that the last cases stay open."""
        if moment <= self.end:
            heapq.heappush(self._queue, (moment, next(self._numbers), function, args))

    def run(self):
        """Let everything happen in the order of time."""
        while self._queue:
            moment, _number, function, args = heapq.heappop(self._queue)
            if moment > self.now:
                self.move_to(moment)
            try:
                with self.root.cr.savepoint():
                    function(*args)
            except UserError as error:
                # One step that a rule refuses costs the store that step, not its life; the tests read the log
                self.refused += 1
                _logger.warning("Demo store, %s on %s: %s", function.__name__, moment, error)
        self.move_to(self.end)

    # Working time ------------------------------------------------------

    def working_days(self, store, date_from, date_to):
        return self.stores[store]["company"]._aftersales_working_days(date_from, date_to)

    def next_working_moment(self, store, moment, hours=0.0):
        """A moment when somebody is at work, so many working hours later: a person does not decide at midnight."""
        local = self.local(moment)
        left = hours
        for _day in range(60):
            if local.date() in self.stores[store]["days"]:
                start = max(local, datetime(local.year, local.month, local.day, 8, 40))
                stop = datetime(local.year, local.month, local.day, 17, 20)
                if start < stop:
                    room = (stop - start).total_seconds() / 3600
                    if left <= room:
                        return start + timedelta(hours=left) - timedelta(hours=8)
                    left -= room
            local = datetime(local.year, local.month, local.day) + timedelta(days=1)
        return self.end + timedelta(days=1)


class AftersalesDemo(models.AbstractModel):
    """Builds the demo store when the addon is installed with demonstration data.

    Every step is taken through the product's own methods, by the person who would take it, at the time when it would
    have happened. One file for each floor, beside this one; all methods are private.
    """

    _name = "aftersales.demo"
    _description = "Demo Store Builder"

    @api.model
    def _build(self):
        """Build the store once; an earlier one, or its people, are left alone."""
        try:
            from freezegun.api import freeze_time
        except ImportError:
            _logger.info("No demo store: the Python package freezegun is missing, so the past cannot be played.")
            return
        logins = [person["login"] for person in self._demo_people()]
        Users = self.env["res.users"].with_context(active_test=False)
        if Users.search_count([("login", "in", logins), ("login", "!=", "admin")]):
            _logger.info("No demo store: its people are there already.")
            return
        # Labels that a report freezes in every language must have their translations by then
        self.env["ir.module.module"].search([("name", "=", "aftersales_crm")])._update_translations()
        cr = self.env.cr
        before, started = cr._now, time.monotonic()
        now = datetime.now().replace(microsecond=0)
        with freeze_time(now, ignore=REAL_TIME_MODULES) as frozen:
            try:
                # Built with the superuser's name but not his language: what the store writes is written in English
                env = self.with_context(lang="en_US", tz="Asia/Shanghai", **QUIET).env
                stage = Stage(env, frozen, now)
                self.with_env(env)._play(stage)
                cr.flush()
            finally:
                cr._now = before
        self.env.invalidate_all(flush=False)
        _logger.info("Demo store built in %.1f s.", time.monotonic() - started)

    def _play(self, stage):
        """Set the stage floor by floor, then let three months pass."""
        self._demo_store(stage)
        self._demo_files(stage)
        self._demo_orders(stage)
        self._demo_contacts(stage)
        self._demo_cases(stage)
        self._demo_actions(stage)
        self._demo_figures(stage)
        stage.run()
        self._demo_quiet(stage)

    def _demo_quiet(self, stage):
        """Nothing of the demo leaves the house; what was told long ago was read."""
        self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).cancel()
        read = [("needaction", "=", True), ("date", "<", stage.end - timedelta(days=3))]
        for login in stage.users:
            stage.env(login)["mail.message"].mark_all_as_read(read)
