"""Case floor of the demo store, second half: corrective and preventive actions in every state."""

from datetime import timedelta

from odoo import models
from odoo.fields import Command

from .aftersales_demo_store import MAIN


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_actions(self, stage):
        """Each entry: day of the proposal, plan, and how far it gets."""
        today, improved = stage.today, stage.improved
        stage.actions = {}
        plans = [
            {
                "key": "waiting",
                "proposed": improved - timedelta(days=15),
                "name": "缩短取车等待时间",
                "category": "delay",
                "cause": "schedule",
                "problem": "回访中多位客户反映没有按约定时间交车，主要集中在下午四点以后。",
                "containment": "延误的车辆由顾问提前 30 分钟电话告知客户。",
                "root_cause": "交车时间由顾问各自承诺，没有按洗车与终检的能力排班。",
                "whys": [
                    ("为什么不能按时交车？", "洗车与终检在下午四点后排队。"),
                    ("为什么四点后排队？", "大部分车承诺四点到五点交车。"),
                    ("为什么集中承诺？", "顾问看不到当天的交车安排。"),
                ],
                "responsible": "advisor",
                "measures": [
                    ("containment", "延误提前电话告知", "advisor"),
                    ("corrective", "前台设交车看板，每半小时最多三台", "advisor"),
                    ("corrective", "洗车组下午增加一人", "technician4"),
                ],
                "deadline": improved + timedelta(days=3),
                "target": 5.0,
                "window": 20,
                "started": improved - timedelta(days=9),
                "done": improved,
                "verified": improved + timedelta(days=22),
                "conclusion": "反映交车延误的比例明显下降，看板继续使用。",
                "closed": True,
            },
            {
                "key": "bill",
                "proposed": today - timedelta(days=36),
                "name": "增项必须由客户签字确认",
                "category": "price",
                "cause": "explain",
                "problem": "结算金额高于报价，客户不知情，集中在周敏顾问的委托书。",
                "root_cause": "增项只口头说明，系统不检查客户签字。",
                "responsible": "advisor2",
                "measures": [
                    ("corrective", "增项在微信或纸面由客户确认后才施工", "advisor2"),
                    ("corrective", "结算前与客户逐项核对结算单", "advisor2"),
                    ("preventive", "全体顾问晨会演练增项沟通", "advisor"),
                ],
                "deadline": today - timedelta(days=17),
                "target": 2.0,
                "window": 14,
                "started": today - timedelta(days=33),
                "done": today - timedelta(days=18),
                "verified": today - timedelta(days=2),
                "conclusion": "两周内反映价格问题的客户减少，仍需观察新顾问。",
            },
            {
                "key": "reminder",
                "proposed": today - timedelta(days=50),
                "name": "交车时告知下次保养",
                "category": "reminder",
                "cause": "not_followed",
                "problem": "客户反映没有人提醒下次保养时间。",
                "root_cause": "交车单上下次保养为选填项。",
                "responsible": "advisor",
                "measures": [("corrective", "晨会要求顾问填写下次保养", "advisor")],
                "deadline": today - timedelta(days=38),
                "target": 1.0,
                "window": 14,
                "started": today - timedelta(days=47),
                "done": today - timedelta(days=40),
                "verified": today - timedelta(days=24),
                "effective": "no",
                "conclusion": "只靠晨会要求没有效果，需要在系统中设为必填。",
            },
            {
                "key": "clean",
                "proposed": today - timedelta(days=20),
                "name": "交车前内饰清洁检查",
                "category": "cleanliness",
                "cause": "no_standard",
                "problem": "客户反映取车时脚垫、玻璃不干净。",
                "root_cause": "交车前没有内饰清洁的检查标准，洗车组只管外观。",
                "responsible": "technician4",
                "measures": [
                    ("corrective", "制定交车清洁检查卡（8 项）", "technician4"),
                    ("preventive", "每周抽查 10 台并公布结果", "technician3"),
                ],
                "deadline": today - timedelta(days=4),
                "target": 2.0,
                "window": 30,
                "started": today - timedelta(days=17),
                "done": today - timedelta(days=6),
            },
            {
                "key": "brakes",
                "proposed": today - timedelta(days=21),
                "case": "safety",
                "name": "制动系统维修后的强制路试",
                "category": "repair_quality",
                "cause": "not_followed",
                "problem": "更换前制动片后客户反映踏板偏软，复查为制动液含气。",
                "containment": "近两周更换制动片的 9 台车全部电话联系并复检。",
                "root_cause": "竣工检验单没有把排气和路试列为必检项，质检员只做目视检查。",
                "responsible": "technician1",
                "measures": [
                    ("containment", "复检近两周更换制动片的车辆", "technician2"),
                    ("corrective", "竣工检验单增加排气、路试两项签字", "technician1"),
                    ("preventive", "技师制动系统专项培训并考核", "technician1"),
                ],
                "deadline": today + timedelta(days=6),
                "target": 2.0,
                "window": 30,
                "started": today - timedelta(days=18),
                "part": 2,
                "progress": ["9 台车已全部复检，1 台重新排气。", "新检验单已印发，培训安排在下周三。"],
                "extension": (today + timedelta(days=16), "外聘讲师下周才到店，培训考核需要延期。"),
            },
            {
                "key": "parts",
                "proposed": today - timedelta(days=16),
                "name": "在途配件每日跟踪",
                "category": "parts",
                "cause": "stock",
                "problem": "缺货配件到货日期一再推迟，没有告知客户。",
                "root_cause": "在途配件没有专人每日跟踪，到货变化不通知顾问。",
                "responsible": "technician3",
                "measures": [
                    ("corrective", "建立在途配件看板，每天 9 点更新", "technician3"),
                    ("corrective", "到货推迟当日由顾问告知客户", "advisor2"),
                ],
                "deadline": today - timedelta(days=3),
                "indicator": "complaints_per_100",
                "target": 1.0,
                "window": 30,
                "started": today - timedelta(days=12),
                "part": 1,
                "progress": ["看板已上墙，第一周更新了四天。"],
            },
            {
                "key": "reception",
                "proposed": today - timedelta(days=9),
                "kind": "preventive",
                "name": "预约高峰引导员",
                "category": "reception",
                "cause": "schedule",
                "problem": "周六上午同时到店的预约客户等候超过十分钟，尚无投诉。",
                "root_cause": "预约系统不限制同一时段的到店数量。",
                "responsible": "advisor",
                "measures": [
                    ("preventive", "每半小时最多接受四个预约", "advisor"),
                    ("preventive", "周六上午安排一名引导员", "advisor2"),
                ],
                "deadline": today + timedelta(days=20),
                "target": 1.0,
                "window": 30,
                "return": "请写明引导员由谁担任、从哪一天开始，并补充费用。",
                "signed": today - timedelta(days=2),
            },
            {
                "key": "comeback",
                "proposed": today - timedelta(days=1),
                "name": "返修车辆由技术组长会诊",
                "category": "repair_quality",
                "cause": "not_followed",
                "problem": "同一故障第二次进厂，仍由原技师独自诊断。",
                "root_cause": "返修没有升级到技术组长的规定。",
                "responsible": "technician2",
                "measures": [("corrective", "返修车进厂一小时内技术组长会诊", "technician2")],
                "deadline": today + timedelta(days=25),
                "indicator": "comebacks",
                "target": 2.0,
                "window": 30,
                "unsigned": True,
            },
            {
                "key": "explain",
                "proposed": today,
                "kind": "preventive",
                "name": "环车检查由客户签字",
                "category": "information",
                "cause": "explain",
                "problem": "部分客户反映接车时没有一起看车。",
                "responsible": "advisor2",
                "measures": [("preventive", "环车检查单增加客户签字栏", "advisor2")],
                "deadline": today + timedelta(days=30),
                "target": 1.0,
                "window": 30,
                "draft": True,
            },
        ]
        for plan in plans:
            moment = stage.next_working_moment(MAIN, stage.utc(plan["proposed"], 9, 20))
            stage.at(min(moment, stage.end), self._demo_propose, stage, plan)
        stage.at(
            stage.next_working_moment(MAIN, stage.utc(today - timedelta(days=3), 11, 30)), self._demo_delegate, stage
        )

    def _demo_delegate(self, stage):
        """The service manager goes to a training in two weeks; the general manager decides meanwhile."""
        stage.env("manager")["aftersales.delegation"].create(
            {
                "delegate_id": stage.users["gm"].id,
                "date_from": stage.today + timedelta(days=14),
                "date_to": stage.today + timedelta(days=16),
                "reason": "总部培训",
                "company_id": stage.stores[MAIN]["company"].id,
            }
        )

    def _demo_propose(self, stage, plan):
        case = stage.cases.get(plan.get("case"))
        kind = plan.get("kind", "corrective")
        action = stage.env("manager")["aftersales.corrective.action"].create(
            {
                "name": plan["name"],
                "kind": kind,
                "company_id": stage.stores[MAIN]["company"].id,
                "problem_category_id": stage.categories[plan["category"]].id,
                "cause_id": stage.causes[plan["cause"]].id,
                "complaint_ids": [Command.set(case.ids)] if case else False,
                "problem": plan["problem"],
                "containment": plan.get("containment"),
                "root_cause": plan.get("root_cause"),
                "responsible_id": stage.users[plan["responsible"]].id,
                "supervisor_id": stage.users["manager"].id,
                "team_ids": [Command.set([stage.users[login].id for _k, _n, login in plan["measures"]])],
                "date_deadline": plan["deadline"],
                "indicator": plan.get("indicator", "problem_rate"),
                "target": plan["target"],
                "window_days": plan["window"],
                "why_ids": [
                    # One question below the other: 1, 1.1, 1.1.1
                    Command.create(
                        {
                            "outline": ".".join(["1"] * depth),
                            "name": why,
                            "answer": answer,
                            "is_root": depth == len(plan["whys"]),
                        }
                    )
                    for depth, (why, answer) in enumerate(plan.get("whys", ()), start=1)
                ],
                "measure_ids": [
                    Command.create(
                        {
                            "kind": measure_kind,
                            "name": name,
                            "responsible_id": stage.users[login].id,
                            "date_deadline": plan["deadline"] - timedelta(days=1),
                        }
                    )
                    for measure_kind, name, login in plan["measures"]
                ],
            }
        )
        stage.actions[plan["key"]] = action
        if plan.get("draft"):
            return
        action.action_submit()
        moment = stage.next_working_moment(MAIN, stage.now, 5)
        if plan.get("return"):
            stage.at(moment, self._demo_return_action, stage, action, plan)
        elif not plan.get("unsigned"):
            stage.at(moment, self._demo_sign, stage, action, plan)

    def _demo_return_action(self, stage, action, plan):
        stage.as_user("gm", action._approval_pending("sign")).decide("returned", plan["return"])
        stage.at(stage.next_working_moment(MAIN, stage.now, 9), self._demo_submit_again, stage, action, plan)

    def _demo_submit_again(self, stage, action, plan):
        action = stage.as_user("manager", action)
        action.write(
            {
                "problem": f"{plan['problem']}引导员由前台实习生轮值，下周六开始，每月费用约 800 元。",
                "cost_planned": 800,
            }
        )
        action.action_submit()
        moment = stage.next_working_moment(MAIN, stage.utc(plan["signed"], 15, 10))
        stage.at(max(moment, stage.now), self._demo_sign, stage, action, plan)

    def _demo_sign(self, stage, action, plan):
        stage.as_user("gm", action).action_approval_approve()
        if plan.get("started"):
            moment = stage.next_working_moment(MAIN, stage.utc(plan["started"], 9, 0))
            stage.at(max(moment, stage.now + timedelta(minutes=30)), self._demo_start_action, stage, action, plan)

    def _demo_start_action(self, stage, action, plan):
        stage.as_user(plan["responsible"], action).action_start()
        measures = action.measure_ids.sorted("id")
        last = plan.get("done") or stage.today - timedelta(days=2)
        count = plan.get("part") or len(measures)
        span = max(1, (last - stage.local(stage.now).date()).days)
        for number, measure in enumerate(measures[:count], start=1):
            day = last - timedelta(days=span * (count - number) // (count + 1))
            moment = stage.next_working_moment(MAIN, stage.utc(day, 11, 0))
            stage.at(max(moment, stage.now), self._demo_carry_out, stage, measure)
        for number, note in enumerate(plan.get("progress", ())):
            day = stage.today - timedelta(days=8 - 4 * number)
            moment = stage.next_working_moment(MAIN, stage.utc(day, 16, 0))
            stage.at(max(moment, stage.now), self._demo_note, stage, action, note)
        if plan.get("extension"):
            moment = stage.next_working_moment(MAIN, stage.utc(stage.today - timedelta(days=2), 14, 0))
            stage.at(max(moment, stage.now), self._demo_extend, stage, action, plan)
        if plan.get("done"):
            moment = stage.next_working_moment(MAIN, stage.utc(plan["done"], 16, 40))
            stage.at(max(moment, stage.now + timedelta(hours=1)), self._demo_finish, stage, action, plan)

    def _demo_carry_out(self, stage, measure):
        proofs = ("现场照片 3 张", "签到表", "检查卡样本", "晨会记录")
        stage.as_user(measure.responsible_id.login, measure).action_done(stage.dice.choice(proofs))

    def _demo_note(self, stage, action, note):
        stage.as_user("manager", action).action_add_progress(note)

    def _demo_extend(self, stage, action, plan):
        stage.as_user(plan["responsible"], action).action_request_extension(*plan["extension"])

    def _demo_finish(self, stage, action, plan):
        stage.as_user(plan["responsible"], action).action_done()
        if plan.get("verified"):
            moment = stage.next_working_moment(MAIN, stage.utc(plan["verified"], 10, 0))
            stage.at(max(moment, stage.now), self._demo_verify, stage, action, plan)

    def _demo_verify(self, stage, action, plan):
        action = stage.as_user("manager", action)
        early = stage.local(stage.now).date() < action.date_effect_due
        action.action_verify(
            plan.get("effective", "yes"), plan["conclusion"], "月报需要，提前得出结论" if early else None
        )
        if plan.get("closed"):
            stage.at(stage.next_working_moment(MAIN, stage.now, 4), self._demo_close_action, stage, action)

    def _demo_close_action(self, stage, action):
        stage.as_user("manager", action).action_close()
