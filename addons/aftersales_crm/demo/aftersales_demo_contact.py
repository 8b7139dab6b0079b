"""Contact floor of the demo store: a plan for each month, and the calls of each day with what customers say."""

import random
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.fields import Command

from .aftersales_demo_store import MAIN, SECOND

# How a callback ends, whatever happens before
FATES = [
    ("complete", 815), ("partial", 25), ("later", 45), ("refused_now", 25), ("refused_all", 10), ("wrong_number", 14),
    ("car_sold", 8), ("never", 32), ("forgotten", 26),
]  # fmt: skip
IN_VAIN = [("no_answer", 60), ("busy", 18), ("switched_off", 14), ("hung_up", 8)]
# Question: share of customers who find fault, in per mille, by the time and person that the story tells (see `_demo_faults`)
FAULTS = {"polite": 8, "explained": 14, "on_time": 22, "price": 16, "fixed": 18, "clean": 20, "reminded": 24}
REMARKS = {
    "polite": ["到店等了十几分钟才有人接待。", "前台态度有点冷淡，问一句答一句。"],
    "explained": ["没有带我看车就直接开单了。", "加了项目没有提前跟我说清楚。"],
    "on_time": ["说好四点取车，等到快六点才好。", "约定的时间没有做完，也没有提前打电话。", "洗车排队太久，耽误取车。"],
    "price": ["结算比报价多了一百多，没有解释。", "工时费收得有点糊涂，结算单没看懂。"],
    "fixed": ["异响还在，跟修之前一样。", "故障灯第二天又亮了。", "空调还是不凉，白跑一趟。"],
    "clean": ["车里脚垫上有油印。", "取车时车身没洗干净，玻璃上有手印。"],
    "reminded": ["没有人告诉我下次什么时候保养。"],
}
PRAISES = [
    "陈静顾问很耐心，讲解得很清楚。", "孙师傅技术好，还主动给我看了旧件。", "接待热情，休息区环境不错。", "取车很快，比约定时间还早。",
    "马超师傅细心，帮忙检查了轮胎气压。",
]  # fmt: skip
SUGGESTIONS = [
    "希望周日也能预约保养。",
    "休息区可以多几个充电插座。",
    "希望保养套餐再优惠一些。",
    "建议取车前先发微信通知。",
    "客户休息室空调太冷。",
]
# No two consultants write the same; who copies words is flagged
OPENINGS = ["", "客户说：", "车主提到，", "顺便提了一句：", "客户特意说，", "他请我们转达：", "聊到最后说，"]
REASONS = [("Drives little, no service due", 30), ("Another workshop is nearer", 24), ("Another workshop is cheaper", 14),
           ("Waiting takes too long", 8), ("Not satisfied with the repair", 4), ("Moved away", 10), ("Other", 10)]  # fmt: skip


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_contacts(self, stage):
        stage.fates = {}
        # Dice of their own, so that the story of the calls does not hang on what is drawn by night
        stage.truth_dice = random.Random(20260402)
        # The store is small: with five in a hundred, weeks would go by without a re-check
        stage.stores[MAIN]["company"].aftersales_recheck_share = 15
        # The day from which the washing and delivery schedule of the story's corrective action works
        stage.improved = stage.months[1] + timedelta(days=9)
        questions = self.env["aftersales.question"].search([("questionnaire_id.state", "=", "active")])
        stage.questions = {
            kind: {question.code: question for question in questions if question.questionnaire_id.kind == kind}
            for kind in ("repair", "absent")
        }
        stage.choices = {choice.name: choice for choice in questions.choice_ids}
        for store in (MAIN, SECOND):
            days = [day for day in sorted(stage.stores[store]["days"]) if stage.months[0] <= day <= stage.today]
            stage.stores[store]["plans"] = {}
            for day in days:
                # Whoever opens the demo before the store opens finds the day planned already
                morning = min(stage.utc(day, 8, 35), stage.end)
                stage.at(morning, self._demo_morning, stage, store, day)
                stage.at(stage.utc(day, 23, 30), self._demo_night, stage, store)
        worked = [day for day in sorted(stage.stores[MAIN]["days"]) if day <= stage.today]
        stage.busy_from = worked[-4]
        stage.at(stage.utc(worked[-6], 16, 0), self._demo_absence, stage, worked[-3])

    def _demo_agents(self, store):
        return ("crc", "crc2") if store == MAIN else ("hz_crc",)

    def _demo_absence(self, stage, day):
        stage.env("manager")["aftersales.callback.absence"].create(
            {
                "user_id": stage.users["crc2"].id,
                "date_from": day,
                "date_to": stage.today + timedelta(days=1),
                "reason": "年休假",
                "company_id": stage.stores[MAIN]["company"].id,
            }
        )

    # Truth --------------------------------------------------------------

    def _demo_night(self, stage, store):
        """The calls of the day are looked at; the manager asks those again that were drawn, on one of the next days."""
        company = stage.stores[store]["company"]
        rechecks = self.env["aftersales.callback.recheck"].sudo().with_company(company)
        rechecks._lapse(company)
        dice = stage.truth_dice
        for recheck in rechecks._draw(company, dice):
            # A few slip the manager's mind, so that it shows what lapses; those of the last days still wait for him.
            if dice.random() < 0.85 and stage.now < stage.end - timedelta(days=4):
                moment = stage.next_working_moment(store, stage.now, dice.uniform(3, 24))
                stage.at(moment, self._demo_recheck, stage, store, recheck)

    def _demo_recheck(self, stage, store, recheck):
        dice = stage.truth_dice
        mine = stage.as_user("manager" if store == MAIN else "hz_manager", recheck)
        if recheck.state != "drawn":
            return
        if dice.random() < 0.15:
            mine.action_save_call("no_answer", duration=dice.randrange(12, 40))
            return
        answers = {}
        for answer in recheck.sudo().callback_id.answer_ids:
            if answer.kind == "text":
                continue
            value = answer._raw_value()
            if dice.random() < 0.04:
                value = {"yes": "no", "no": "yes"}.get(value, value)
            elif answer.kind == "score5" and dice.random() < 0.25:
                value = min(5, max(1, value + dice.choice((-1, 1))))
            answers[answer.question_id.id] = value
        mine.action_save_call("completed", answers=answers, duration=dice.randrange(70, 200))

    # Plan ---------------------------------------------------------------

    def _demo_morning(self, stage, store, day):
        """Missed ones are counted, the plan takes in what is new, then the calls of the day begin."""
        company = stage.stores[store]["company"]
        agents = self._demo_agents(store)
        self.env["aftersales.callback"].sudo()._expire(company)
        plans = stage.stores[store]["plans"]
        month = day.replace(day=1)
        if month not in plans:
            plan = stage.env(agents[0])["aftersales.callback.plan"].create(
                {
                    "date_from": month,
                    "company_id": company.id,
                    "absent_limit": 8 if store == MAIN else 2,
                    "agent_ids": [Command.set([stage.users[login].id for login in agents])],
                }
            )
            plan.agent_line_ids.capacity = 20
            plan.action_preview()
            plan.action_confirm()
            plans[month] = plan
        elif store == MAIN or day.toordinal() % 3 == 0 or day == stage.today:
            plans[month].action_replan()
        earlier = plans.get(month - relativedelta(months=1))
        if earlier and day.day <= 15 and (day.toordinal() % 3 == 0 or day == stage.today):
            earlier.action_replan()
        for login in agents:
            self._demo_plan_calls(stage, store, day, login)

    def _demo_plan_calls(self, stage, store, day, login):
        dice = stage.dice
        queue = stage.env(login)["aftersales.callback"].search(
            [
                ("company_id", "=", stage.stores[store]["company"].id),
                ("user_id", "=", stage.users[login].id),
                ("date_planned", "=", day),
                ("state", "=", "planned"),
            ]
        )
        if store == MAIN and day >= stage.busy_from:
            # Few calls on the last days: the consultant finds something to do, and the planner shows that it catches up
            queue = queue[: len(queue) // (4 if day == stage.today else 2)]
        minutes = 35
        for callback in queue:
            minutes += dice.randrange(6, 26)
            start = 13 * 60 + 30 if callback.time_preference == "afternoon" else 8 * 60 + 35
            moment = callback.call_later or stage.utc(day, 0, min(start + minutes, 17 * 60))
            stage.at(moment, self._demo_call, stage, store, login, callback)

    # Call ---------------------------------------------------------------

    def _demo_call(self, stage, store, login, callback):
        dice = stage.dice
        if callback.state != "planned":
            return
        fate = stage.fates.get(callback.id)
        if not fate:
            fate = dice.choices([name for name, _weight in FATES], [weight for _name, weight in FATES])[0]
            stage.fates[callback.id] = fate
        if fate == "forgotten":
            return
        if dice.random() < 0.008:
            manager = "manager" if store == MAIN else "hz_manager"
            stage.as_user(manager, callback).action_cancel("other", "客户昨天到店，已当面回访。")
            return
        if fate == "never" or (not callback.attempt_count and dice.random() < 0.15):
            code = dice.choices([name for name, _weight in IN_VAIN], [weight for _name, weight in IN_VAIN])[0]
            callback.action_save_call(code, duration=dice.randrange(12, 40))
        elif fate == "later":
            stage.fates[callback.id] = "complete"
            later = stage.next_working_moment(store, stage.now + timedelta(hours=20), dice.choice((0.5, 2.0, 5.5)))
            if stage.local(later).date() <= callback.date_expiry:
                callback.action_save_call(
                    "call_later", duration=dice.randrange(15, 50), call_later=later, note="在开会，另约时间"
                )
            else:
                callback.action_save_call("refused_now", duration=dice.randrange(15, 50))
        elif fate in ("complete", "partial"):
            self._demo_talk(stage, store, callback, fate)
        else:
            notes = {
                "wrong_number": "机主不是车主，号码已换人",
                "car_sold": "车上个月卖掉了",
                "refused_all": "客户不希望再接到回访电话",
            }
            callback.action_save_call(
                fate, duration=dice.randrange(15, 60), note=notes.get(fate, "客户说没空，不愿回答")
            )

    def _demo_talk(self, stage, store, callback, fate):
        """A customer answers the questionnaire; most are content."""
        dice = stage.dice
        if callback.kind == "absent":
            self._demo_talk_absent(stage, store, callback)
            return
        questions = stage.questions["repair"]
        faults = self._demo_faults(stage, callback)
        remarks = [dice.choice(REMARKS[code]) for code in faults]
        answers = {}
        for code, question in questions.items():
            if question.kind == "yes_no" and code != "recommend":
                answers[question.id] = "no" if code in faults else "yes"
        if "fixed" in faults or len(faults) > 1:
            score = dice.choices((1, 2, 3), (1, 4, 5))[0]
        elif faults:
            score = dice.choices((2, 3, 4), (1, 5, 5))[0]
        else:
            score = dice.choices((5, 4, 3), (64, 32, 4))[0]
        answers[questions["satisfaction"].id] = score
        answers[questions["recommend"].id] = "no" if score <= 2 else "yes"
        if not faults and dice.random() < 0.12:
            answers[questions["praise"].id] = stage.truth_dice.choice(OPENINGS) + dice.choice(PRAISES)
        elif dice.random() < 0.12:
            answers[questions["suggestion"].id] = stage.truth_dice.choice(OPENINGS) + dice.choice(SUGGESTIONS)
        if fate == "partial":
            kept = [questions[code].id for code in ("polite", "explained", "on_time")]
            answers = {key: value for key, value in answers.items() if key in kept}
            remarks = ["客户在开车，只答了前几题。"]
        demand = score <= 2 or (bool(faults) and dice.random() < 0.2)
        callback.action_save_call(
            "completed" if fate == "complete" else "partial",
            answers=answers,
            duration=dice.randrange(70, 260),
            note=" ".join(remarks) or None,
            demand=demand and fate == "complete",
        )
        self._demo_after_talk(stage, store, callback)

    def _demo_faults(self, stage, callback):
        """What goes wrong follows a story: long waits until the new schedule, unclear bills at one advisor."""
        dice, order = stage.dice, callback.repair_order_id.sudo()
        shares = dict(FAULTS)
        day = stage.local(stage.now).date()
        if day < stage.improved:
            shares["on_time"] = 85
            shares["clean"] = 40
        if order.advisor_id.login == "advisor2":
            shares["price"] = 45
        if order.comeback_ids:
            shares["fixed"] = 900
        if order.date_out > order.date_promised + timedelta(hours=3):
            shares["on_time"] *= 3
        return [code for code, share in shares.items() if dice.randrange(1000) < share]

    def _demo_talk_absent(self, stage, store, callback):
        dice, questions = stage.dice, stage.questions["absent"]
        names, weights = zip(*REASONS, strict=True)
        choice = stage.choices[dice.choices(names, weights)[0]]
        answers = {
            questions["still_owner"].id: "yes",
            questions["absent_reason"].id: choice.id,
            questions["come_back"].id: dice.choices(("yes", "no"), (7, 3))[0],
        }
        if dice.random() < 0.3:
            answers[questions["suggestion"].id] = stage.truth_dice.choice(OPENINGS) + dice.choice(SUGGESTIONS)
        callback.action_save_call("completed", answers=answers, duration=dice.randrange(60, 180))
        self._demo_after_talk(stage, store, callback)

    def _demo_after_talk(self, stage, store, callback):
        if callback.has_problem:
            case = callback.sudo().complaint_ids.with_env(self.env)
            if case:
                self._demo_case_raised(stage, store, case, callback.user_id.login)
