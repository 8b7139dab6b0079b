import logging
import random
import time

import psycopg2
from psycopg2 import errorcodes

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..importer.planner import ImportPlanner
from .aftersales_import_batch_mixin import ImportBusy

_logger = logging.getLogger(__name__)

# A larger file goes in in the background: nobody waits that long before a screen
DIRECT_BYTES = {"csv": 600_000, "xlsx": 150_000}
# How often a batch is tried when another transaction comes in between
_TRIES = 12
_RETRIED = (
    errorcodes.SERIALIZATION_FAILURE,
    errorcodes.DEADLOCK_DETECTED,
    errorcodes.LOCK_NOT_AVAILABLE,
)
# How often, and how long apart, a lost database is looked for
_RECONNECTS, _RECONNECT_SECONDS = 60, 1.0


class AftersalesImportRunMixin(models.AbstractModel):
    """The work of an import: started, in the background, stopped, gone on with; how far it is.

    A worker that dies loses the batch in its hands and nothing else: the next one goes on behind the last batch that was
    committed.
    """

    _name = "aftersales.import.run.mixin"
    _description = "DMS Import: Work"
    _inherit = ["aftersales.protected.mixin", "aftersales.import.notice.mixin"]
    _protected_fields = frozenset({"job", "job_user_id", "rows_before", "stop_ids"})

    job = fields.Selection([("check", "Check"), ("apply", "Import")], readonly=True, copy=False)
    job_user_id = fields.Many2one("res.users", "Started by", readonly=True, copy=False)
    rows_before = fields.Integer(readonly=True, copy=False, aggregator=None)
    stop_ids = fields.One2many("aftersales.import.stop", "import_id", readonly=True, copy=False)
    progress = fields.Float(
        "Done (%)", compute="_compute_progress", help="Share of the rows that are done, in percent."
    )
    progress_text = fields.Char("Progress", compute="_compute_progress")

    @api.depends("rows_done", "row_count", "date_started", "date_beat", "rows_before", "state", "stop_ids")
    @api.depends_context("lang")
    def _compute_progress(self):
        for record in self:
            done, total = record.rows_done, record.row_count
            record.progress = 100.0 * done / total if total else 0.0
            record.progress_text = False
            if record.state != "working":
                continue
            if record.stop_ids:
                record.progress_text = self.env._("Stopping after the rows in hand …")
            elif not record.date_beat or not total:
                record.progress_text = self.env._("Waits for a worker …")
            else:
                seconds = (record.date_beat - record.date_started).total_seconds()
                rate = (done - record.rows_before) / seconds if seconds > 0 else 0
                counts = {"done": f"{done:,}", "total": f"{total:,}"}
                if rate > 0:
                    record.progress_text = self.env._(
                        "%(done)s of %(total)s rows, %(rate)s rows a second, %(left)s left",
                        **counts,
                        rate=f"{rate:,.0f}",
                        left=self._duration_text((total - done) / rate),
                    )
                else:
                    record.progress_text = self.env._("%(done)s of %(total)s rows", **counts)

    @api.model
    def _duration_text(self, seconds):
        minutes = round(seconds / 60)
        if minutes < 1:
            return self.env._("less than a minute")
        if minutes < 90:
            return self.env._("%(minutes)s min", minutes=minutes)
        return self.env._("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_stop(self):
        """Ask the worker to stop after the rows that it has in hand; what is written stays."""
        self._check_right()
        for record in self:
            record._check_state("working")
        # A row of its own: the worker is writing the import itself
        self.env["aftersales.import.stop"].sudo().create([{"import_id": record.id} for record in self])
        self._trigger_worker()
        return True

    def action_resume(self):
        """Go on behind the last row that is written."""
        self._check_right()
        for record in self:
            record._check_state("stopped")
            record._write_protected({"state": "working", "job_user_id": self.env.uid, "rows_before": record.rows_done,
                                     "date_started": fields.Datetime.now(), "date_beat": False})  # fmt: skip
        self._trigger_worker()
        return True

    # ------------------------------------------------------------
    # JOBS
    # ------------------------------------------------------------

    def _start_job(self, job):
        """Check or apply the file: at once when it is short, else in the background."""
        self.ensure_one()
        self._delete_lines()
        self._write_protected(
            {
                "state": "working",
                "job": job,
                "job_user_id": self.env.uid,
                "position": False,
                "rows_done": 0,
                "rows_before": 0,
                "rows_checked": 0,
                "date_started": False,
                "date_beat": False,
                "refused_file": False,
                "refused_file_name": False,
                **dict.fromkeys(self._get_count_fields(), 0),
            }
        )
        size = self._get_attachment("file").file_size
        if size <= DIRECT_BYTES[self.file_type] and not self.env.context.get("import_in_background"):
            if not self._work():
                raise UserError(
                    self.env._("Another import of %(store)s is running. Wait for its end.", store=self.company_id.name)
                )
            return
        self._trigger_worker()

    def _trigger_worker(self):
        self.env.ref("aftersales_crm.ir_cron_aftersales_import")._trigger()

    @api.model
    def _cron_work(self):
        """Do the work that waits, oldest first. What is not done in the time of the job goes on with its next run."""
        Cron = self.env["ir.cron"]
        waiting = self.search([("state", "=", "working")], order="id")
        left = Cron._commit_progress(remaining=len(waiting))
        for record in waiting:
            deadline = time.monotonic() + max(left, 5.0)
            try:
                finished = record._work_in_background(deadline)
            except ImportBusy:
                continue
            left = Cron._commit_progress(1 if finished else 0)
            if not left:
                break

    def _work_in_background(self, deadline=float("inf")):
        """Work in transactions of its own; a database that goes away and comes back is waited for.

        :return: whether the job is done
        """
        for attempt in range(_RECONNECTS):
            try:
                with self.env.registry.cursor() as cr:
                    mine = self.with_env(self.env(cr=cr))
                    if not mine.exists() or mine.state != "working":
                        return True
                    user = mine.job_user_id or mine.user_id
                    # A context of its own: the progress of the scheduled action is not written from here
                    context = {"allowed_company_ids": mine.company_id.ids, "lang": user.lang, "tz": user.tz}
                    mine = mine.with_env(self.env(cr=cr, user=user.id, context=context, su=False))
                    return mine._work(commit=True, deadline=deadline)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                if getattr(error, "pgcode", None) in _RETRIED or attempt == _RECONNECTS - 1:
                    raise
                _logger.info("%s: the database is away (%s), trying again", self._name, str(error).strip()[:80])
                time.sleep(_RECONNECT_SECONDS)
        return False

    def _work(self, commit=False, deadline=float("inf")):
        """Go on with the job until it is done, stopped, or its time is over.

        :param commit: whether each batch is a transaction of its own
        :return: whether it is done; False also when another worker is at it
        """
        self.ensure_one()
        try:
            done = self._work_check(commit) if self.job == "check" else self._work_apply(commit, deadline)
        except ImportBusy:
            if commit:
                self.env.cr.rollback()
            return False
        except UserError as error:
            if not commit:
                raise
            self.env.cr.rollback()
            self._give_up(str(error.args[0]))
            self.env["ir.cron"]._commit_progress()
            return True
        if commit and done and self.state in ("checked", "applied"):
            self._tell_result()
        return done

    def _give_up(self, reason):
        """The file as a whole cannot be read after all: say so, and give it back to the person."""
        self._write_protected({"state": "stopped" if self.rows_done else "mapped", "job": False})
        self._tell(self.job_user_id or self.user_id, reason)

    # ------------------------------------------------------------
    # APPLY
    # ------------------------------------------------------------

    def _work_apply(self, commit, deadline):
        with self._open_reader() as reader:
            planner, rows, place = None, None, None
            while True:
                for attempt in range(_TRIES):
                    try:
                        self._take_slot()
                        if self.state != "working":
                            return True
                        if self.sudo().stop_ids:
                            self._stop()
                            return True
                        if not self.position:
                            self._begin(reader)
                        if planner is None:
                            planner = ImportPlanner(self, self.date_source)
                        if rows is None or place != self.position:
                            place = list(self.position)
                            rows = reader.rows(place if place != [0, 0, 0] else None)
                        batch, place = self._next_batch(rows, place)
                        if not batch:
                            self._finish_apply()
                            return True
                        self._write_batch(planner, batch, place)
                        if commit:
                            self.env["ir.cron"]._commit_progress()
                            self.env.invalidate_all(flush=False)
                        break
                    except psycopg2.Error as error:
                        if not commit or error.pgcode not in _RETRIED or attempt == _TRIES - 1:
                            raise
                        self.env.cr.rollback()
                        self.env.invalidate_all(flush=False)
                        rows = None
                        time.sleep(random.uniform(0.05, 0.1 * 2 ** min(attempt, 5)))
                if time.monotonic() > deadline:
                    return False

    def _begin(self, reader):
        """Survey the file before the first row is written, and keep how it is read."""
        count, moment = self._survey(reader)
        self._write_protected(
            {
                "row_count": count,
                "date_source": self.date_source or moment,
                "mapping_copy": self.mapping_id._get_reading(),
                "position": [0, 0, 0],
                "date_started": fields.Datetime.now(),
            }
        )

    def _stop(self):
        self.sudo().stop_ids.unlink()
        state = "mapped" if self.job == "check" or not self.rows_done else "stopped"
        self._write_protected({"state": state, **self._count_records(), **self._prepare_refused_values()})

    def _finish_apply(self):
        self.sudo().stop_ids.unlink()
        self._write_protected(
            {
                "state": "applied",
                "job": False,
                "date_applied": fields.Datetime.now(),
                "applied_by_id": self.job_user_id.id,
                "row_count": self.rows_done,
                **self._count_records(),
                **self._prepare_refused_values(),
            }
        )
        self.invalidate_recordset(["line_ids"], flush=False)
