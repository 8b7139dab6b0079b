"""Case floor of the demo store, first half: grievances and complaints at every level and in every step."""

from datetime import timedelta

from odoo import models

from .aftersales_demo_store import MAIN

# What an investigation found, by problem category: facts, our side, cause, department, root cause, solution
FINDINGS = {
    "delay": (
        "当日下午交车集中，洗车与终检排队，实际交车比约定晚一个多小时。", "顾问：忙于接车，没有提前给客户打电话。", "schedule", "前台",
        "交车时间按接车先后随意承诺，没有考虑洗车和终检的能力。", "致歉，赠送一次免费洗车；今后预计延误提前 30 分钟电话告知。"),
    "price": (
        "结算单比预估多一项工时，增项时只口头说明，客户没有签字。", "顾问：当时客户在休息区，以为微信说过就可以。", "explain", "前台",
        "增项没有强制客户签字确认的环节。", "逐项解释结算单，退还未确认的工时费。"),
    "repair_quality": (
        "复查发现故障仍在，首次维修只更换了一侧零件。", "技师：时间紧，只做了静态检查，没有路试。", "not_followed", "机修车间",
        "竣工检验单没有把路试列为必检项。", "免费返修，派代步车，质检员路试后交车。"),
    "cleanliness": (
        "交车照片显示脚垫与车门内侧有油印。", "洗车组：下班前车多，没有来得及检查内饰。", "no_standard", "洗车组",
        "交车前没有内饰清洁的检查标准。", "免费精洗一次，更换脚垫。"),
    "reminder": (
        "交车单上没有填写下次保养里程和日期。", "顾问：忘记填写。", "not_followed", "前台",
        "系统结算时不检查下次保养是否填写。", "电话告知下次保养时间，并发送微信提醒。"),
    "reception": (
        "监控显示客户到店后等候 14 分钟才有人接待。", "顾问：当时三台车同时进厂，没有人引导。", "schedule", "前台",
        "预约高峰没有安排引导员。", "致歉并约定今后优先预约通道。"),
    "information": (
        "接车时没有做环车检查，检查结果没有给客户看。", "顾问：客户赶时间，就先开了单。", "explain", "前台",
        "环车检查单没有要求客户签字。", "补做检查并当面解释，赠送机油一瓶。"),
    "parts": (
        "所需零件缺货，厂家到货比承诺晚四天。", "配件：系统显示在途，没有跟踪到货。", "stock", "配件部",
        "在途配件没有每日跟踪，延误没有告知客户。", "加急调拨，免费提供代步车。"),
    "overall": (
        "回访中客户整体评价较低，主要是等候与解释不到位。", "顾问：当天客户多，沟通不够细致。", "explain", "前台",
        "高峰时段顾问人均接车过多，没有分流。", "服务经理致电道歉，赠送保养抵用券。"),
    "service": (
        "监控与客户描述一致，交谈中顾问中途离开两次。", "顾问：同时接待两位客户，安排欠妥。", "schedule", "前台",
        "没有规定同一时段只接待一位客户。", "服务经理当面道歉，调整接待方式。"),
    "product_quality": (
        "检测为零件早期损坏，属于质保范围。", "技师：厂家已有技术通报。", "product", "技术部", "零件批次质量问题。", "按质保免费更换。"),
    "other": (
        "情况属实。", "顾问：没有注意到。", "explain", "前台", "没有固定的交车说明流程。", "致歉并说明，纳入晨会案例。"),
}  # fmt: skip
KINDS = {
    "delay": "delay", "price": "price_unclear", "repair_quality": "not_fixed", "cleanliness": "environment",
    "reminder": "information", "reception": "delay", "information": "information", "parts": "parts_wait",
    "overall": "other", "service": "attitude", "product_quality": "product_quality", "other": "other",
}  # fmt: skip
REPLIES = [
    "已致电客户，说明正在调查，明天下午前答复处理结果。",
    "已电话道歉并听取客户意见，约定两天内给出方案。",
    "已微信联系客户，客户同意等调查结果。",
]
# Working hours until the next step, from ... to ...
PACE = {
    "received": (0.4, 2.4), "confirmed": (0.6, 2.6), "classified": (2.5, 6.0), "investigated": (0.6, 2.0), "solution": (1.5, 8.0),
    "carried_out": (5.0, 14.0), "second_callback": (0.8, 5.0),
}  # fmt: skip
# Complaints that came another way than by callback: days ago, who took it in, channel, kind, category, words, remedy, story
STORIES = [
    (52, "crc", "phone", "damage", "repair_quality", "取车回家发现右前门有一道新划痕，去的时候没有。", "要求免费喷漆。",
     {"level": "important", "no_action": "监控确认为洗车时刮擦，洗车组已单独整改并更换工具，不另立措施。", "goodwill": 600}),
    (44, "advisor", "counter", "attitude", "service", "周敏顾问接待时一直在看手机，问两遍才回答。", "要求道歉。",
     {"concerned": "advisor2", "appeal": "当时是在用手机回复另一位客户的施工确认。"}),
    (38, "crc2", "phone", "price_quote", "price", "报价 1200，结算 1580，多出来的没有人跟我说过。", "退还多收的 380 元。",
     {"reopen": "客户来电：答应退的 380 元还没有收到。", "goodwill": 380}),
    (33, "crc", "phone", "not_fixed", "repair_quality", "为了这个异响已经跑了两趟，耽误了两天生意。", "返修并补偿误工。",
     {"goodwill": 1800}),
    (27, "crc2", "maker", "product_quality", "product_quality", "变速箱低速顿挫，要求免费更换变速箱总成。", "免费更换变速箱。",
     {"reject": ("厂家技术支持与第三方检测均判定为正常特性，不属于故障。", "已告知可拨打 12315 或申请汽车三包责任争议处理机构调解。")}),
    (23, "crc", "phone", "brakes", "repair_quality", "刚换的前刹车片，第二天踩刹车明显偏软，要踩到底才停得住，太危险了！", "马上派人检查，保证安全。",
     {"safety": True, "key": "safety"}),
    (17, "crc", "email", "parts_wait", "parts", "等车窗升降器已经两个星期，每次都说下周到。", "给一个准确的时间。", {"key": "parts"}),
    (16, "crc2", "phone", "parts_wait", "parts", "还是升降器的事，到底什么时候到货？", False, {"merge": "parts"}),
    (13, "crc", "hotline_12315", "price_unclear", "price", "消费者通过 12315 反映：更换火花塞收费不透明，要求退费。", "退还差价并书面答复。",
     {"external": "青消投〔2026〕0871号", "stop": "carried_out", "goodwill": 260}),
    (11, "crc2", "phone", "comeback", "repair_quality", "发动机故障灯又亮了，这已经是第三次了。", "彻底解决，不然要求退款。",
     {"level": "important", "unsatisfied": "客户反映怠速仍有抖动，要求继续检查。", "stop_after_rework": True}),
    (9, "crc", "platform", "parts_wait", "parts", "（汽车投诉平台）事故车维修 20 天，大灯总成一直缺货，店里不给说法。", "尽快修好并补偿交通费。",
     {"pause": "大灯总成厂家缺货，预计下周到店。"}),
    (7, "crc", "phone", "delay", "delay", "约好上午取车，到下午三点还没有洗好。", "给个说法。", {"handover": "manager", "stop": "second_callback"}),
    (5, "advisor", "counter", "price_unclear", "price", "保养套餐里说包含的项目，结算时又收了一次钱。", "退钱。", {"idle": True}),
    (4, "crc2", "web", "information", "information", "在公众号预约了周六上午，到店却说没有我的预约。", "以后不要再发生。", {"slow": 2.5}),
    (3, "crc", "phone", "not_fixed", "repair_quality", "空调修了还是不凉，全家出行非常难受。", "免费返修，并补偿。",
     {"goodwill": 1600, "stop": "solution"}),
    (2, "crc", "phone", "environment", "cleanliness", "车里一股很重的烟味，座椅上还有烟灰。", "免费做内饰清洗。", {"handover_open": "crc2"}),
    (1, "crc2", "phone", "fire", "product_quality", "高速上机舱冒烟，一家人吓坏了，车停在服务区不敢开。", "立即救援，查明原因。", {"safety": True, "stop": "classified"}),
]  # fmt: skip


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_cases(self, stage):
        stage.kinds = {
            kind.code: kind for kind in self.env["aftersales.complaint.kind"].search([("code", "!=", False)])
        }
        stage.causes = {cause.code: cause for cause in self.env["aftersales.cause"].search([("code", "!=", False)])}
        stage.categories = {category.code: category for category in self.env["aftersales.problem.category"].search([])}
        stage.cases = {}
        for days, login, source, kind, category, words, remedy, story in STORIES:
            moment = stage.utc(stage.today - timedelta(days=days), 9 + days % 6, days % 50)
            moment = stage.next_working_moment(MAIN, moment)
            if moment > stage.end:
                moment = stage.end - timedelta(hours=2)
            stage.at(moment, self._demo_take_case, stage, login, source, kind, category, words, remedy, story)
        for day in sorted(stage.stores[MAIN]["days"]):
            if stage.months[0] <= day <= stage.today:
                stage.at(stage.utc(day, 12, 30), self._demo_ladder, stage)
                stage.at(stage.utc(day, 17, 40), self._demo_ladder, stage)
        stage.at(stage.end, self._demo_ladder, stage)

    def _demo_ladder(self, stage):
        """What the scheduled action does every few minutes: breaches are recorded, the ladder is climbed."""
        due = self.env["aftersales.clock"].search([("state", "=", "running"), ("date_next_check", "<=", stage.now)])
        if due:
            due._process_due()

    # Intake -------------------------------------------------------------

    def _demo_take_case(self, stage, login, source, kind, category, words, remedy, story):
        """A complaint at the counter, on the phone, from a platform or an authority."""
        order = self._demo_case_order(stage, login, kind, story)
        values = {
            "source": source,
            "kind_id": stage.kinds[kind].id,
            "problem_category_id": stage.categories[category].id,
            "description": words,
            "remedy_sought": remedy,
            "repair_order_id": order.id,
            "vehicle_id": order.vehicle_id.id,
            "partner_id": order.partner_id.id,
            "date_event": min(order.date_out or stage.now, stage.now),
            "company_id": order.company_id.id,
        }
        if story.get("concerned"):
            values["concerned_ids"] = [(6, 0, stage.users[story["concerned"]].ids)]
        case = stage.env(login)["aftersales.complaint"].create(values).with_env(self.env)
        if story.get("external"):
            stage.as_user(login, case).external_ids.reference = story["external"]
        if story.get("key"):
            stage.cases[story["key"]] = case
        if story.get("idle"):
            return
        if story.get("merge") and stage.cases.get(story["merge"]):
            target = stage.cases[story["merge"]]
            moment = stage.next_working_moment(MAIN, stage.now, 2)
            stage.at(moment, self._demo_merge_case, stage, case, target)
            return
        self._demo_case_starts(stage, MAIN, case, story)

    def _demo_case_order(self, stage, login, kind, story):
        """An order that fits: delivered not long ago, of a car that has no case yet; of the same car for a duplicate."""
        Order = stage.env(login)["aftersales.repair.order"]
        if story.get("merge") and stage.cases.get(story["merge"]):
            return stage.as_user(login, stage.cases[story["merge"]]).repair_order_id
        base = [
            ("company_id", "=", stage.stores[MAIN]["company"].id),
            ("state", "=", "delivered"),
            ("date_out", "<=", stage.now),
            ("date_out", ">=", stage.now - timedelta(days=20)),
        ]
        if story.get("concerned"):
            base.append(("advisor_id", "=", stage.users[story["concerned"]].id))
        elif login == "advisor":
            base.append(("advisor_id", "!=", stage.users[login].id))
        kinds = {
            "brakes": [("line_ids.name", "ilike", "制动片")],
            "price_quote": [("amount_total", ">", 900)],
            "attitude": [],
        }.get(kind, [("kind", "in", ("repair", "maintenance", "accident"))])
        taken = self.env["aftersales.complaint"].search([("vehicle_id", "!=", False)]).vehicle_id.ids
        free = [*base, ("vehicle_id", "not in", taken)]
        return Order.search([*free, *kinds], limit=1) or Order.search(free, limit=1) or Order.search(base, limit=1)

    def _demo_merge_case(self, stage, case, target):
        if target.state not in ("closed", "rejected", "withdrawn", "merged"):
            stage.as_user("manager", case).action_merge(target.id)

    def _demo_case_raised(self, stage, store, case, _login):
        """A callback raised a case: the general manager sees it, the service manager handles it."""
        story = {"slow": stage.dice.choices((1.0, 1.0, 3.0), (80, 8, 12))[0]}
        if stage.dice.random() < 0.08:
            story["withdraw"] = "回访后已电话解释，客户表示理解，不再追究。"
        self._demo_case_starts(stage, store, case, story)

    def _demo_case_starts(self, stage, store, case, story):
        dice, prefix = stage.dice, "" if store == MAIN else "hz_"
        story = {"store": store, "prefix": prefix, "slow": 1.0, **story}
        stage.at(
            stage.next_working_moment(store, stage.now, dice.uniform(0.6, 3.4) * story["slow"]),
            self._demo_case_seen, stage, case, story,
        )  # fmt: skip
        hours = dice.uniform(0.8, 2.4) if case.level == "urgent" else dice.uniform(1.5, 5.5)
        stage.at(
            stage.next_working_moment(store, stage.now, hours * story["slow"]),
            self._demo_case_reply,
            stage,
            case,
            story,
        )
        self._demo_case_goes_on(stage, case, story)

    def _demo_case_seen(self, stage, case, story):
        stage.as_user(f"{story['prefix']}gm", case).action_gm_seen()

    def _demo_case_reply(self, stage, case, story):
        if case.state not in ("closed", "rejected", "withdrawn", "merged") and not case.date_replied:
            promised = False
            if stage.dice.random() < 0.5:
                promised = stage.next_working_moment(story["store"], stage.now, stage.dice.uniform(5, 9))
            stage.as_user(f"{story['prefix']}manager", case).action_reply(stage.dice.choice(REPLIES), promised)
            if promised and stage.dice.random() < 0.85:
                stage.at(promised - timedelta(minutes=20), self._demo_case_promise_kept, stage, case, story)

    def _demo_case_promise_kept(self, stage, case, story):
        if case.date_promised_update:
            stage.as_user(f"{story['prefix']}manager", case).action_reply("按约定回电，告知客户目前进展。")

    # Steps --------------------------------------------------------------

    def _demo_case_goes_on(self, stage, case, story):
        """Plan the next step, if the story has one."""
        pace = PACE.get(case.state)
        if not pace or case.state == story.get("stop") or story.get("stopped"):
            return
        hours = stage.dice.uniform(*pace) * story["slow"]
        if case.level == "urgent" and case.state in ("received", "confirmed", "classified"):
            hours /= 3
        moment = stage.next_working_moment(story["store"], stage.now, hours)
        stage.at(moment, self._demo_case_step, stage, case, story)

    def _demo_case_step(self, stage, case, story):
        if case.state not in PACE:
            return
        getattr(self, f"_demo_case_{case.state}")(stage, case, story)
        self._demo_case_goes_on(stage, case, story)

    def _demo_case_worker(self, stage, case, story):
        login = case.handler_id.login or "manager"
        return stage.as_user(login, case)

    def _demo_case_received(self, stage, case, story):
        owner = case.owner_id.login
        if story.get("handover") and not case.handover_to_id:
            receiver = stage.users[story["handover"]]
            stage.as_user(owner, case).action_propose_handover(receiver.id, "客户指定要与服务经理沟通")
            stage.as_user(story.pop("handover"), case).action_accept_handover()
            owner = case.owner_id.login
        stage.as_user(owner, case).action_confirm()
        if story.get("handover_open"):
            receiver = stage.users[story["handover_open"]]
            stage.as_user(owner, case).action_propose_handover(receiver.id, "明天起我去总部培训，请接手跟进")
            story["stopped"] = True

    def _demo_case_confirmed(self, stage, case, story):
        manager = stage.as_user(f"{story['prefix']}manager", case)
        if not case.kind_id:
            manager.kind_id = stage.kinds[KINDS.get(case.problem_category_id.code, "other")]
        if story.get("withdraw"):
            manager.action_withdraw(story["withdraw"])
            return
        level = story.get("level")
        manager.action_classify(level if level and level != case.level_proposed else None)

    def _demo_case_classified(self, stage, case, story):
        worker = self._demo_case_worker(stage, case, story)
        if story.get("reject") and case.level != "general":
            worker = stage.as_user(f"{story['prefix']}gm", case)
        if story.get("reject"):
            self._demo_answer_bodies(worker)
            worker.action_reject(*story["reject"])
            return
        facts, staff, cause, department, root_cause, _solution = self._demo_finding(case)
        order = case.repair_order_id
        at_fault = (
            order.technician_ids[:1] if cause == "not_followed" and department == "机修车间" else order.advisor_id
        )
        at_fault = case.concerned_ids[:1] or at_fault or order.advisor_id
        if not at_fault or at_fault in case.owner_id | case.handler_id:
            at_fault = stage.users["technician1" if story["store"] == MAIN else "hz_technician1"]
        values = {
            "facts": facts,
            "statement_customer": case.description.split("\n")[-1],
            "statement_staff": staff,
            "cause_id": stage.causes[cause].id,
            "department": department,
            "responsible_main_id": at_fault.id,
        }
        if case.level != "general" or case.recurrence_of_id or stage.dice.random() < 0.6:
            values["root_cause"] = root_cause + (
                "（再次发生：上次措施没有覆盖晚班。）" if case.recurrence_of_id else ""
            )
        if case.is_safety:
            values.update(
                {
                    "stop_driving": "advised",
                    "maker_report": "reported",
                    "maker_report_reference": f"TR-{stage.local(stage.now):%Y%m%d}-017",
                }
            )
        worker.write(values)
        worker.action_investigate()
        if story.get("appeal") and case.appeal_ids:
            login = story["concerned"]
            stage.at(
                stage.next_working_moment(MAIN, stage.now, 6),
                self._demo_appeal,
                stage,
                case,
                login,
                story.pop("appeal"),
            )

    def _demo_finding(self, case):
        return FINDINGS.get(case.problem_category_id.code) or FINDINGS["other"]

    def _demo_appeal(self, stage, case, login, reason):
        appeal = stage.env(login)["aftersales.appeal"].search(
            [("complaint_number", "=", case.name), ("user_id", "=", stage.users[login].id), ("state", "=", "open")]
        )
        if appeal:
            appeal.action_lodge(reason)

    def _demo_case_investigated(self, stage, case, story):
        worker = self._demo_case_worker(stage, case, story)
        if story.get("pause"):
            worker.action_pause("parts", story.pop("pause"))
            story["stopped"] = True
            return
        goodwill = story.get("goodwill", 0)
        if not goodwill and case.nature == "complaint" and stage.dice.random() < 0.35:
            goodwill = stage.dice.choice((50, 80, 100, 150))
        worker.write(
            {
                "solution": self._demo_finding(case)[5],
                "goodwill_amount": goodwill,
                "cost_labour": stage.dice.choice((0, 0, 120, 240)),
                "handling_hours": stage.dice.choice((0.5, 1, 1.5, 2, 3)),
            }
        )
        worker.action_propose_solution()
        if case._approval_pending("goodwill") and story.get("stop") != "solution":
            moment = stage.next_working_moment(story["store"], stage.now, 1.2)
            stage.at(moment, self._demo_grant_goodwill, stage, case, story)

    def _demo_grant_goodwill(self, stage, case, story):
        if case._approval_pending("goodwill"):
            stage.as_user(f"{story['prefix']}gm", case).action_approval_approve()

    def _demo_case_solution(self, stage, case, story):
        if case._approval_pending("goodwill"):
            return
        worker = self._demo_case_worker(stage, case, story)
        worker.action_carry_out()

    def _demo_case_carried_out(self, stage, case, story):
        callers = ("crc", "crc2") if story["store"] == MAIN else ("hz_crc",)
        caller = stage.dice.choice(callers)
        if story.get("unsatisfied"):
            stage.as_user(caller, case).action_record_second_callback("no", story["unsatisfied"], "3")
            return
        stage.as_user(caller, case).action_record_second_callback(
            "yes", "客户对处理结果满意。", stage.dice.choice("4555"), "回复及时，态度诚恳。"
        )

    def _demo_case_second_callback(self, stage, case, story):
        worker = self._demo_case_worker(stage, case, story)
        if case.second_satisfied == "no":
            worker.action_rework(story["unsatisfied"])
            story["stopped"] = bool(story.get("stop_after_rework"))
            return
        closer = f"{story['prefix']}{'manager' if case.level == 'general' else 'gm'}"
        values = {}
        if case.level != "general":
            if not case.root_cause:
                values["root_cause"] = self._demo_finding(case)[4]
            if not case.action_ids:
                values["no_action_reason"] = story.get("no_action") or "已有相同内容的整改措施在执行，本案不另立。"
        if case.is_safety or case.is_external:
            values["safety_statement"] = (
                "已检查制动系统：制动液含气，重新排气并路试 20 公里，制动距离合格，车辆可以安全使用。"
            )
        closing = stage.as_user(closer, case)
        self._demo_answer_bodies(closing)
        if values:
            closing.write(values)
        closing.action_close()
        if story.get("reopen"):
            stage.at(stage.next_working_moment(MAIN, stage.now, 20), self._demo_reopen_case, stage, case, story)

    def _demo_answer_bodies(self, case):
        """Answer hotline, maker or platform with what each demands, and settle the matter there."""
        for external in case.external_ids:
            if external.state == "open":
                for item in external.item_ids:
                    item.value = "见书面答复及附件"
                external.action_answer("已书面答复处理结果，并附检测记录。")
            if external.state == "answered":
                external.action_settle("对方已确认，事项办结。")

    def _demo_reopen_case(self, stage, case, story):
        stage.as_user("crc", case).action_reopen(story.pop("reopen"))
        self._demo_case_goes_on(stage, case, story)
