import logging
from datetime import timedelta

import psycopg2
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL

from ..tools.sources import Window

_logger = logging.getLogger(__name__)

# A store that was silent for longer is not caught up month by month
CATCH_UP_MONTHS = 60


class AftersalesMonthlyWritingMixin(models.AbstractModel):
    """When and how a monthly report comes to be: once for each store and month, caught up when it was missed, revised.

    The base is taken and the figures are counted when it is written; later on, only a revision takes more in.
    """

    _name = "aftersales.monthly.writing.mixin"
    _description = "Monthly Report: Writing and Revising"
    _inherit = ["aftersales.approval.mixin"]

    _protected_fields = frozenset(
        {
            "revision",
            "revision_reason",
            "is_current",
            "previous_id",
            "date_written",
            "written_by_id",
        }
    )

    revision = fields.Integer(default=0, required=True, readonly=True, copy=False, aggregator=None)
    revision_reason = fields.Text("Why Revised", readonly=True, copy=False)
    is_current = fields.Boolean("Latest Revision", default=True, readonly=True, copy=False)
    previous_id = fields.Many2one(
        "aftersales.monthly.report",
        "Revision of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    date_written = fields.Datetime("Written on", readonly=True, copy=False, help="What was entered later is not in it.")
    written_by_id = fields.Many2one("res.users", "Written by", readonly=True, copy=False)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _write_month(self, company, month):
        """Write the report of a store and month, or give the one that there is already.

        Two workers that do this at once make one report: the unique index decides. The slower one cannot see the winner's
        report in its own transaction: it is asked to begin again, which an RPC call does by itself.
        """
        month = month.replace(day=1)
        current = [("company_id", "=", company.id), ("month", "=", month), ("is_current", "=", True)]
        report = self.sudo().search(current)
        if report:
            return report.with_env(self.env)
        try:
            with self.env.cr.savepoint():
                report = self._create_report(company, month, {})
        except psycopg2.errors.UniqueViolation as error:
            raise ConcurrencyError(f"The report of {month} is being written by another worker") from error
        report._fill()
        report._notify_written()
        return report.with_env(self.env)

    @api.model
    def _month_values(self, company, month):
        """What a report of a store and month is about: its days, its moments, and the settings that its figures rest on."""
        month_after = month + relativedelta(months=1)
        return {
            "company_id": company.id,
            "month": month,
            "date_from": month,
            "date_to": month_after - timedelta(days=1),
            "moment_from": company._aftersales_day_start(month),
            "moment_to": company._aftersales_day_start(month_after),
            "timezone": str(company._aftersales_tz()),
            "satisfied_score": company.aftersales_satisfied_score,
            "comeback_days": company.aftersales_comeback_days,
            "return_days": company.aftersales_return_days,
        }

    @api.model
    def _create_report(self, company, month, values):
        return (
            self.sudo()
            .with_company(company)
            .with_context(tracking_disable=True, mail_create_nolog=True)
            ._create_protected(
                [
                    {
                        **self._month_values(company, month),
                        "date_written": fields.Datetime.now(),
                        "written_by_id": self.env.uid,
                        **values,
                    }
                ]
            )
            .with_context(tracking_disable=False)
        )

    def _fill(self):
        """Take the base, count the figures, check them."""
        self.ensure_one()
        self.env["aftersales.monthly.base"]._take(self)
        self.env["aftersales.monthly.figure"]._write_figures(self)
        self.invalidate_recordset()
        self._write_protected({"figures_hash": self._hash_figures()})
        self._run_checks()

    def _do_revise(self, reason):
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the report is revised: the reason stands on the new revision."))
        if not self.is_current:
            raise UserError(
                self.env._("%(report)s has been revised already. Open the latest revision.", report=self.display_name)
            )
        old = self.sudo()
        old._approval_cancel("sign", self.env._("Revised: %(reason)s", reason=reason))
        old._write_protected({"is_current": False})
        old._outdate_outputs()
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE aftersales_monthly_figure SET is_current = FALSE WHERE report_id = %s", self.id)
        )
        self.env["aftersales.monthly.figure"].invalidate_model(["is_current"])
        report = self._create_report(
            old.company_id,
            old.month,
            {
                "revision": old.revision + 1,
                "revision_reason": reason.strip(),
                "previous_id": old.id,
                "quality_analysis": old.quality_analysis,
            },
        )
        report._fill()
        old.message_post(
            body=self.env._(
                "Revised by %(person)s: %(reason)s", person=self.env.user.name, reason=report.revision_reason
            )
        )
        report._notify_written()
        return report.with_env(self.env)

    def _window(self):
        """The store, the month and the limits of this report, for the queries of the base."""
        self.ensure_one()
        return Window(
            company=self.company_id.id,
            date_from=self.date_from,
            date_to=self.date_to,
            start=self.moment_from,
            end=self.moment_to,
            tz=self.timezone,
            satisfied=self.satisfied_score,
            fix_days=self.comeback_days or self.company_id.aftersales_comeback_days,
            return_days=self.return_days or self.company_id.aftersales_return_days,
        )

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_write_reports(self):
        """Write every report that is due and not there, oldest first; then store the outputs that are missing.

        Runs every hour and decides by the store's own clock, so that neither a short month nor a stopped server nor
        another time zone leaves a month out. A store that fails does not hold up the others.
        """
        todo = self._due_months()
        unprinted = self._unprinted()
        remaining = len(todo) + len(unprinted)
        self.env["ir.cron"]._commit_progress(remaining=remaining)
        for company, month in todo:
            try:
                report = self.with_company(company)._write_month(company, month)
                unprinted.append(report.id)
                remaining += 1
            except ConcurrencyError as error:
                self.env.cr.rollback()
                _logger.info("%s", error)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The report of %s for %s could not be written", company.display_name, month)
            self.env.invalidate_all()
            if not self.env["ir.cron"]._commit_progress(1, remaining=remaining - 1):
                return
            remaining -= 1
        for report_id in unprinted:
            report = self.browse(report_id).try_lock_for_update(allow_referencing=True)
            try:
                report._store_outputs()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("The outputs of monthly report %s could not be stored", report_id)
            self.env.invalidate_all()
            remaining -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=max(remaining, 0)):
                return

    @api.model
    def _due_months(self):
        """The months of each store whose report is due and not written: ``[(company, first day)]``, oldest first.

        A store's first month is that of its first callback or complaint. The running month is due on its last day,
        from the store's hour on.
        """
        self.env.flush_all()
        firsts = dict(
            self.env.execute_query(
                SQL(
                    "SELECT company_id, MIN(day) FROM (SELECT company_id, MIN(date_due) AS day FROM aftersales_callback"
                    " GROUP BY company_id UNION ALL SELECT company_id, MIN(date_received)::date FROM aftersales_complaint"
                    " GROUP BY company_id UNION ALL SELECT company_id, MIN(month) FROM aftersales_monthly_report"
                    " GROUP BY company_id) AS first GROUP BY company_id"
                )
            )
        )
        written = set(
            self.env.execute_query(SQL("SELECT company_id, month FROM aftersales_monthly_report WHERE is_current"))
        )
        due = []
        for company in self.env["res.company"].sudo().browse(sorted(firsts)).exists().filtered("active"):
            last = company._aftersales_last_due_month()
            month = max(firsts[company.id].replace(day=1), last - relativedelta(months=CATCH_UP_MONTHS))
            while month <= last:
                if (company.id, month) not in written:
                    due.append((company, month))
                month += relativedelta(months=1)
        return sorted(due, key=lambda entry: (entry[1], entry[0].id))

    @api.model
    def _unprinted(self):
        """Ids of the reports whose stored outputs are missing or older than the report."""
        return self.sudo().search([("outputs_stored", "=", False)], order="month desc", limit=1000).ids

    def _outdate_outputs(self):
        """The stored outputs no longer show how the report stands: the scheduled action makes them anew, soon."""
        self._write_protected({"outputs_stored": False})
        self.env.ref("aftersales_crm.ir_cron_aftersales_monthly_report")._trigger()
