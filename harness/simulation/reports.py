"""Monthly reports: written by each store's clock, checked, analysed, signed, and revised when late entries come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from .stage import Stage
from .store import Store


class Reports:
    """Plays what the scheduled action and the people do with the reports, and remembers every fingerprint."""

    def __init__(self, stage: Stage, stores: list[Store]) -> None:
        self.stage, self.stores = stage, stores
        #: Fingerprint of the figures by report, as they were when it was written.
        self.written: dict[int, str] = {}

    def plan(self, months: list[date]) -> None:
        """Plan the runs of the scheduled action and the revisions of every month."""
        stage = self.stage
        for month in months:
            after = (month + timedelta(days=32)).replace(day=1)
            for store in self.stores:
                dark = stage.dice.random() < 0.2
                # On the last day at six by the store's clock; a server that was down catches up two days later.
                moment = (
                    store.moment(after + timedelta(days=2), 7)
                    if dark
                    else store.moment(after - timedelta(days=1), 18.1)
                )
                stage.at(moment, "runs of the scheduled action", self.write_due, store)
                if stage.dice.random() < 0.6:
                    moment = store.moment(after + timedelta(days=stage.dice.randrange(4, 9)), 11)
                    stage.at(moment, "revisions", self.revise, store, month)
        # Whatever was missed is written at the end.
        stage.at(stage.end, "runs of the scheduled action", self.write_all)

    def write_due(self, store: Store) -> None:
        """Write what is due of a store, as the scheduled action does."""
        Report = self.stage.root["aftersales.monthly.report"]
        for company, month in Report._due_months():
            if company == store.company:
                report = Report.with_company(company)._write_month(company, month)
                self.remember(report)
                self.stage.at(store.next_working(self.stage.now, 3), "reports submitted", self.submit, store, report)

    def write_all(self) -> None:
        """Catch up everything that is left."""
        for store in self.stores:
            self.write_due(store)

    def remember(self, report: Any) -> None:
        """Keep the fingerprint of a report that has just been written."""
        self.written[report.id] = report.sudo().figures_hash

    def submit(self, store: Store, report: Any) -> None:
        """The consultant submits, the manager analyses and hands it on."""
        if not report.is_current:
            return
        stage = self.stage
        stage.as_user(store.first("crc"), report).action_submit()
        mine = stage.as_user(store.first("manager"), report)
        finding = {
            "name": "Too many wait at four o'clock",
            "kind": "preventive",
            "cause": "Promises at the same hour",
            "proposal": "A board",
            "responsible_id": store.first("advisor").id,
            "date_deadline": store.local(stage.now).date() + timedelta(days=20),
        }
        mine.write({"quality_analysis": "<p>As expected.</p>", "finding_ids": [(0, 0, finding)]})
        mine.action_analyse()
        mine.finding_ids.action_create_action()
        stage.at(store.next_working(stage.now, 4), "reports signed", self.sign, store, report)

    def sign(self, store: Store, report: Any) -> None:
        """The general manager signs; in a small store the manager does both, with a stated reason."""
        stage = self.stage
        if store.company.aftersales_allow_exceptions:
            manager = store.first("manager")
            group = stage.root.ref("aftersales_crm.group_aftersales_gm")
            manager.sudo().group_ids = [(4, group.id)]
            pending = stage.as_user(manager, report._approval_pending("sign"))
            pending.decide("approved", None, "The general manager's post is vacant")
            manager.sudo().group_ids = [(3, group.id)]
        else:
            stage.as_user(store.first("gm"), report).action_approval_approve()

    def revise(self, store: Store, month: date) -> None:
        """Late entries: a consultant writes a revision and says why."""
        stage = self.stage
        report = stage.root["aftersales.monthly.report"].search(
            [("company_id", "=", store.company.id), ("month", "=", month), ("is_current", "=", True)]
        )
        if report:
            crc = store.first("crc")
            reason = f"Orders of {month:%Y-%m} were entered late"
            new = stage.root["aftersales.monthly.report"].browse(stage.as_user(crc, report).revise(reason))
            assert (new.revision_reason, new.written_by_id, new.previous_id) == (reason, crc, report)
            self.remember(new)

    def changed(self) -> list[int]:
        """Return the reports whose figures are not what they were when written."""
        reports = self.stage.root["aftersales.monthly.report"].browse(self.written)
        return [
            report.id
            for report in reports
            if not self.written[report.id] == report.figures_hash == report._hash_figures()
        ]
