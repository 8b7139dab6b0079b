"""The days of a store: cars come and go, a plan every month, calls, what customers say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from . import cases
from .stage import Stage
from .store import Store

IN_VAIN = ("no_answer", "busy", "switched_off", "hung_up")
KINDS = ("maintenance", "maintenance", "repair", "repair", "warranty", "accident", "inspection")


class Life:
    """Plans the days of one store and plays them."""

    def __init__(self, stage: Stage, store: Store, months: list[date], orders: int) -> None:
        self.stage, self.store, self.months, self.orders = stage, store, months, orders
        questions = stage.root["aftersales.question"].search([("questionnaire_id.state", "=", "active")])
        self.questions = {
            kind: questions.filtered(lambda question, kind=kind: question.questionnaire_id.kind == kind)
            for kind in ("repair", "absent")
        }

    def plan(self) -> None:
        """Plan every working day, and what happens at the ends of the months."""
        stage, store = self.stage, self.store
        last = store.local(stage.end).date()
        days = sorted(day for day in store.days if self.months[0] - timedelta(days=4) <= day <= last)
        debt = stage.dice.random()
        for day in days:
            debt += self.orders / 25
            count, debt = int(debt), debt - int(debt)
            if count:
                stage.at(store.moment(day, 11), "cars taken in", self.take_in, day, count)
            stage.at(store.moment(day, 17.2), "cars handed over", self.hand_over)
            # Once a week the plan is brought up to date; the first working day makes it.
            if day >= self.months[0] and (day.weekday() == 0 or day.replace(day=1) not in self._planned(days, day)):
                stage.at(store.moment(day, 8.5), "plans", self.morning, day)
            if day >= self.months[0]:
                stage.at(store.moment(day, 8.8), "days of calls", self.plan_calls, day)
        for month in self.months[1:]:
            eve = month - timedelta(days=1)
            # Just before and after the store's midnight, by which the months are told apart.
            stage.at(store.moment(eve, 23.8), "calls at a month's last minute", self.call_any)
            stage.at(store.moment(month, 0.2), "calls at a month's first minute", self.call_any)
            stage.at(store.moment(eve, 23.9), "cars handed over", self.hand_over)
            stage.at(store.moment(month + timedelta(days=2), 10), "orders entered late", self.late_order, month)
            stage.at(store.moment(month + timedelta(days=3), 10), "deliveries corrected", self.correct, month)
            stage.at(store.moment(month + timedelta(days=6), 15), "consents withdrawn", self.withdraw_consent)

    def _planned(self, days: list[date], day: date) -> set[date]:
        return {other.replace(day=1) for other in days if other < day and other >= self.months[0]}

    # Workshop ------------------------------------------------------------

    def take_in(self, day: date, count: int) -> None:
        """Cars come in; now and then one comes back with the same fault, or a lost customer returns."""
        stage, store, dice = self.stage, self.store, self.stage.dice
        for _number in range(count):
            advisor = dice.choice(store.people["advisor"])
            env = stage.env(advisor)
            earlier = None
            if dice.random() < 0.15:
                recent = [
                    ("company_id", "=", store.company.id),
                    ("state", "=", "delivered"),
                    ("kind", "=", "repair"),
                    ("comeback_ids", "=", False),
                    ("date_out", ">=", stage.now - timedelta(days=40)),
                ]
                earlier = env["aftersales.repair.order"].search(recent, limit=1)
            pool = store.absent if dice.random() < 0.06 else store.cars[len(store.absent) :]
            car = earlier.vehicle_id if earlier else dice.choice(pool)
            store.numbers += 1
            order = env["aftersales.repair.order"].create(
                {
                    "name": f"S{store.number + 1}-{store.numbers:05d}",
                    "company_id": store.company.id,
                    "vehicle_id": car.id,
                    "partner_id": car.partner_id.id,
                    "kind": "repair" if earlier else dice.choice(KINDS),
                    "comeback_of_id": earlier.id if earlier else False,
                    "customer_words": "It makes a noise.",
                    "advisor_id": advisor.id,
                    "technician_ids": [(6, 0, dice.choice(store.people["user"]).ids)],
                    "date_in": stage.now - timedelta(hours=2),
                    "date_promised": stage.now + timedelta(hours=5),
                }
            )
            stay = timedelta(hours=4) if dice.random() < 0.8 else timedelta(days=dice.randrange(1, 4))
            store.workshop.append((stage.now + stay, advisor, order.id))

    def hand_over(self) -> None:
        """Hand back what is ready, and ask for the callback."""
        stage, store, dice = self.stage, self.store, self.stage.dice
        ready = [entry for entry in store.workshop if entry[0] <= stage.now]
        store.workshop = [entry for entry in store.workshop if entry[0] > stage.now]
        for _out, advisor, order_id in ready:
            order = stage.env(advisor)["aftersales.repair.order"].browse(order_id)
            consent = dice.choices(("yes", "no", "not_asked"), (85, 7, 8))[0]
            order.write({"date_out": stage.now, "callback_consent": consent})
            if dice.random() < 0.12:
                moment = store.next_working(stage.now, dice.uniform(3, 60))
                stage.at(moment, "complaints taken in", cases.take_in, stage, store, order_id)
            # Now and then by chance, and once in a while in any case, however few orders there are.
            if dice.random() < 0.02 or store.numbers % 40 == 7:
                moment = store.next_working(stage.now, 30)
                stage.at(moment, "orders cancelled", self.cancel, order_id)

    def cancel(self, order_id: int) -> None:
        """Take an order back that was entered twice."""
        manager = self.store.first("manager")
        self.stage.env(manager)["aftersales.repair.order"].browse(order_id).action_cancel("Entered twice")

    def late_order(self, month: date) -> None:
        """An order of last month that somebody forgot to enter."""
        stage, store = self.stage, self.store
        manager, car = store.first("manager"), stage.dice.choice(store.cars)
        store.numbers += 1
        out = store.moment(month - timedelta(days=4), 16)
        stage.env(manager)["aftersales.repair.order"].create(
            {
                "name": f"S{store.number + 1}-{store.numbers:05d}L",
                "company_id": store.company.id,
                "vehicle_id": car.id,
                "partner_id": car.partner_id.id,
                "kind": "repair",
                "advisor_id": store.people["advisor"][1].id,
                "date_in": out - timedelta(hours=6),
                "date_out": out,
                "callback_consent": "yes",
            }
        )

    def correct(self, month: date) -> None:
        """A delivery was entered with a wrong day: over the month's border and back."""
        stage, store = self.stage, self.store
        orders = stage.env(store.first("manager"))["aftersales.repair.order"].search(
            [
                ("company_id", "=", store.company.id),
                ("state", "=", "delivered"),
                ("date_out", ">=", store.moment(month, 0)),
            ],
            order="date_out",
            limit=1,
        )
        if orders:
            orders.write(
                {
                    "date_in": store.moment(month - timedelta(days=2), 9),
                    "date_out": store.moment(month - timedelta(days=1), 16),
                }
            )

    # Calls ---------------------------------------------------------------

    def agents(self) -> list[Any]:
        """Return the consultants."""
        return self.store.people["crc"]

    def morning(self, day: date) -> None:
        """Count what was missed, make or renew the plan of the month, and of the last one as long as it runs."""
        stage, store = self.stage, self.store
        stage.root["aftersales.callback"].sudo()._expire(store.company)
        month = day.replace(day=1)
        if month not in store.plans:
            plan = stage.env(self.agents()[0])["aftersales.callback.plan"].create(
                {
                    "date_from": month,
                    "company_id": store.company.id,
                    "absent_limit": 3,
                    "agent_ids": [(6, 0, [agent.id for agent in self.agents()])],
                }
            )
            plan.agent_line_ids.capacity = 10
            plan.action_preview()
            plan.action_confirm()
            store.plans[month] = plan
        else:
            store.plans[month].action_replan()
        earlier = store.plans.get((month - timedelta(days=1)).replace(day=1))
        if earlier and day.day <= 15:
            earlier.action_replan()

    def plan_calls(self, day: date) -> None:
        """Spread the calls of a day over it."""
        stage, store = self.stage, self.store
        wanted = [("company_id", "=", store.company.id), ("date_planned", "=", day), ("state", "=", "planned")]
        for number, callback in enumerate(stage.root["aftersales.callback"].search(wanted)):
            if callback.id % 9 == 0:
                continue  # nobody ever gets round to it
            stage.at(store.moment(day, 9 + number * 0.25), "calls", self.call, callback.id)

    def call_any(self) -> None:
        """Somebody stays late, or comes early, for one more call."""
        stage, store = self.stage, self.store
        today = store.local(stage.now).date()
        callback = stage.root["aftersales.callback"].search(
            [
                ("company_id", "=", store.company.id),
                ("state", "=", "planned"),
                ("user_id", "!=", False),
                ("date_due", "<=", today),
            ],
            order="date_due desc",
            limit=1,
        )
        if callback:
            self.call(callback.id)

    def call(self, callback_id: int) -> None:
        """One attempt, with its outcome and what the customer says."""
        stage, dice = self.stage, self.stage.dice
        callback = stage.root["aftersales.callback"].browse(callback_id)
        if callback.state != "planned" or not callback.user_id:
            return
        mine = stage.as_user(callback.user_id, callback)
        fate = dice.random()
        if fate < 0.22:
            mine.action_save_call(dice.choice(IN_VAIN), duration=20)
        elif fate < 0.26:
            mine.action_save_call("refused_now", duration=30, note="No time")
        elif fate < 0.28:
            mine.action_save_call("refused_all", duration=30, note="Never call again")
        elif fate < 0.30:
            mine.action_save_call("wrong_number", duration=15, note="Somebody else's number")
        elif fate < 0.32:
            stage.as_user(self.store.first("manager"), callback).action_cancel("other", "Spoken to at the counter")
        elif fate < 0.36:
            later = self.store.next_working(stage.now, 26)
            mine.action_save_call("call_later", duration=20, call_later=later, note="In a meeting")
        else:
            self.talk(mine, partial=fate < 0.40)

    def talk(self, callback: Any, *, partial: bool) -> None:
        """The customer answers; one in four finds fault with something."""
        stage, dice = self.stage, self.stage.dice
        unhappy = dice.random() < 0.25
        answers: dict[int, Any] = {}
        for question in self.questions[callback.kind]:
            bad = unhappy and dice.random() < 0.4
            if question.kind == "yes_no":
                good = {"no": "yes", "yes": "no"}.get(question.problem_answer) or dice.choice(("yes", "no"))
                answers[question.id] = question.problem_answer if bad and question.problem_answer else good
            elif question.kind == "score5":
                answers[question.id] = dice.choice((1, 2, 3)) if unhappy else dice.choice((3, 4, 4, 5, 5, 5))
            elif question.kind == "score10":
                answers[question.id] = dice.randrange(1, 6) if unhappy else dice.randrange(7, 11)
            elif question.kind == "choice" and question.choice_ids:
                answers[question.id] = dice.choice(question.choice_ids).id
            elif question.kind == "text" and bad:
                answers[question.id] = "The waiting room was cold."
        if partial:
            answers = dict(list(answers.items())[:3])
        callback.action_save_call(
            "partial" if partial else "completed",
            answers=answers,
            duration=dice.randrange(60, 240),
            note="As told on the phone" if unhappy else None,
            demand=unhappy and not partial and dice.random() < 0.4,
        )
        for case in callback.sudo().complaint_ids:
            cases.begin(stage, self.store, case.with_env(stage.root))

    def withdraw_consent(self) -> None:
        """A customer withdraws: calls that are planned already fall away."""
        stage, store = self.stage, self.store
        planned = stage.root["aftersales.callback"].search(
            [("company_id", "=", store.company.id), ("state", "=", "planned")], limit=1
        )
        partner = planned.partner_id or stage.dice.choice(store.cars).partner_id
        crc = store.first("crc")
        stage.as_user(crc, partner).action_aftersales_do_not_call("Asked us not to call")
