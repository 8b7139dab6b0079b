"""Figures floor of the demo store: two finished months with their reports, checked, analysed and signed."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.fields import Command

from .aftersales_demo_store import MAIN, SECOND

ANALYSES = [
    (
        "<p>本月回访实施率与成功率达到目标。客户反映最多的是<b>交车延误</b>，集中在下午四点以后；其次是交车清洁。</p>"
        "<p>原因：交车时间承诺过于集中，洗车与终检能力不足。下月起执行交车看板，并在次月月报中对比效果。</p>",
        [
            (
                "下午交车延误集中",
                "delay",
                "corrective",
                "交车时间按人情承诺，没有排程。",
                "设交车看板，限制每半小时交车台数。",
                None,
            ),
            ("取车时内饰不干净", "cleanliness", "preventive", "没有交车清洁标准。", "制定清洁检查卡。", None),
        ],
    ),
    (
        "<p>交车延误的反映比上月明显减少，看板措施有效。<b>价格与结算解释</b>成为反映较多的问题，主要集中在增项未经客户确认。</p>"
        "<p>返修车辆需要重点关注，建议返修一律由技术组长会诊。</p>",
        [
            (
                "结算高于报价，客户不知情",
                "price",
                "corrective",
                "增项没有签字确认的环节。",
                "增项必须由客户确认后施工。",
                None,
            ),
            (
                "下次保养提醒仍有遗漏",
                "reminder",
                "preventive",
                "交车单为选填项。",
                "系统内设为必填，并由收银核对。",
                "advisor",
            ),
        ],
    ),
]


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_figures(self, stage):
        for number, month in enumerate(stage.months[:2]):
            last = month + relativedelta(months=1) - timedelta(days=1)
            for store in (MAIN, SECOND):
                stage.at(stage.utc(last, 18, 5), self._demo_write_report, stage, store, month, number)

    def _demo_write_report(self, stage, store, month, number):
        """What the scheduled action does on the last day of the month."""
        company = stage.stores[store]["company"]
        report = self.env["aftersales.monthly.report"].with_company(company)._write_month(company, month)
        prefix = "" if store == MAIN else "hz_"
        # However young the running month is, the last report is finished
        moment = min(stage.next_working_moment(store, stage.now, 2.5), stage.end)
        stage.at(moment, self._demo_submit_report, stage, store, report, prefix, number)

    def _demo_submit_report(self, stage, store, report, prefix, number):
        stage.as_user(f"{prefix}crc", report).action_submit()
        moment = stage.next_working_moment(store, stage.now, 4)
        stage.at(min(moment, stage.end), self._demo_analyse_report, stage, store, report, prefix, number)

    def _demo_analyse_report(self, stage, store, report, prefix, number):
        report = stage.as_user(f"{prefix}manager", report)
        analysis, findings = ANALYSES[number]
        values = {"quality_analysis": analysis}
        if store == MAIN:
            values["finding_ids"] = [
                Command.create(
                    {
                        "name": name,
                        "problem_category_id": stage.categories[category].id,
                        "kind": kind,
                        "cause": cause,
                        "proposal": proposal,
                        "responsible_id": stage.users[login].id if login else False,
                        "date_deadline": stage.local(stage.now).date() + timedelta(days=30) if login else False,
                    }
                )
                for name, category, kind, cause, proposal, login in findings
            ]
        else:
            values["quality_analysis"] = "<p>本月回访量较少，客户总体满意，无集中反映的问题。</p>"
        report.write(values)
        report.action_analyse()
        made = report.finding_ids.filtered("responsible_id")
        if made:
            made.action_create_action()
        moment = stage.next_working_moment(store, stage.now, 3)
        stage.at(min(moment, stage.end), self._demo_sign_report, stage, report, prefix)

    def _demo_sign_report(self, stage, report, prefix):
        stage.as_user(f"{prefix}gm", report).action_approval_approve()
