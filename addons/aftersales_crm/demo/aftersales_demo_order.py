"""Order floor of the demo store: the visits that the old system knew, and about a hundred orders a month."""

from datetime import timedelta

from odoo import models
from odoo.fields import Command

from .aftersales_demo_store import MAIN, SECOND

ORDERS_A_MONTH = {MAIN: 100, SECOND: 20}
# kind, weight, customer's words, work [(name, price)], parts [(name, price)], hours in the workshop
JOBS = [
    ("maintenance", 30, "里程到了，做个小保养。", [("更换机油机滤", 180)], [("全合成机油 0W-20 4L", 398), ("机油滤清器", 58)], 1.5),
    ("maintenance", 16, "做常规保养，顺便检查一下轮胎。", [("常规保养", 280), ("四轮换位", 80)],
     [("全合成机油 0W-20 4L", 398), ("机油滤清器", 58), ("空气滤清器", 96), ("空调滤清器", 138)], 2.5),
    ("maintenance", 7, "六万公里大保养。", [("六万公里保养", 680), ("更换变速箱油", 450)],
     [("变速箱油 6L", 1180), ("火花塞 4支", 520), ("制动液", 120)], 5),
    ("repair", 7, "刹车时有异响，请检查。", [("检查并更换前制动片", 320)], [("前制动片", 760)], 3),
    ("repair", 6, "空调不太凉。", [("空调系统检漏、加注制冷剂", 360)], [("制冷剂", 180), ("空调滤清器", 138)], 4),
    ("repair", 5, "早上启动困难，怀疑电瓶亏电。", [("检测充电系统、更换蓄电池", 120)], [("蓄电池 12V 70Ah", 860)], 1.5),
    ("repair", 5, "过减速带左前轮有咚咚声。", [("更换左前减振器及顶胶", 480)], [("减振器", 980), ("减振器顶胶", 160)], 6),
    ("repair", 4, "仪表亮发动机故障灯。", [("读取故障码、更换氧传感器", 420)], [("前氧传感器", 890)], 7),
    ("accident", 7, "追尾，前杠和右大灯损坏，走保险。", [("前保险杠钣金喷漆", 1600), ("更换右前大灯", 260)],
     [("前保险杠", 1380), ("右前大灯总成", 2650)], 52),
    ("accident", 3, "右侧车门剐蹭，喷漆处理。", [("右侧两门钣金喷漆", 1200)], [], 30),
    ("warranty", 5, "车机偶尔黑屏，还在质保期。", [("车机软件升级（索赔）", 0)], [], 3),
    ("warranty", 3, "左前车窗升降有异响。", [("更换车窗升降器（索赔）", 0)], [("车窗升降器", 0)], 3.5),
    ("recall", 2, "收到厂家召回短信。", [("召回：高压燃油泵检查与更换", 0)], [("高压燃油泵", 0)], 4),
    ("inspection", 5, "下个月年检，帮忙先检测一遍。", [("年检前检测", 98)], [], 1.5),
]  # fmt: skip
JOBS_ELECTRIC = [
    ("maintenance", 30, "新能源车常规保养。", [("三电系统检测", 260), ("底盘检查", 120)], [("空调滤清器", 158)], 1.5),
    ("maintenance", 12, "两年保养，更换冷却液。", [("更换电池冷却液", 420)], [("冷却液 5L", 320), ("制动液", 120)], 3),
    ("repair", 8, "慢充充不进电。", [("检查充电口、更换充电枪锁止电机", 380)], [("充电口锁止电机", 460)], 5),
    ("repair", 6, "低速行驶时前部有嗡嗡声。", [("检查并更换电子水泵", 420)], [("电子水泵", 780)], 6),
    ("repair", 5, "空调制热慢。", [("检查PTC加热器", 300)], [("PTC加热器", 1450)], 7),
    ("accident", 6, "倒车撞柱子，后杠损坏。", [("后保险杠钣金喷漆", 1400)], [("后保险杠", 1260)], 48),
    ("warranty", 7, "车机升级后蓝牙连不上。", [("车机软件刷新（索赔）", 0)], [], 2),
    ("inspection", 4, "年检前检测。", [("年检前检测", 98)], [], 1.5),
]  # fmt: skip
ADVICE = [
    "后制动片剩余 4 mm，建议更换，客户表示下次保养再换。",
    "右后轮胎磨损至标记线，建议更换，客户考虑中。",
    "建议清洗节气门，客户本次不做。",
    "雨刮片老化，建议更换，客户自备。",
]


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_orders(self, stage):
        stage.order_number = 0
        for store in (MAIN, SECOND):
            self._demo_past_orders(stage, store)
            self._demo_plan_orders(stage, store)

    def _demo_staff(self, store):
        if store == MAIN:
            return ("advisor", "advisor2"), ("technician1", "technician2", "technician3", "technician4")
        return ("hz_advisor",), ("hz_technician1",)

    def _demo_past_orders(self, stage, store):
        """The last visits that the old system knew, taken over by the administrator when the store opened."""
        dice, company = stage.dice, stage.stores[store]["company"]
        env = stage.env("admin")
        orders = (
            env["aftersales.repair.order"]
            .with_company(company)
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
        )
        advisors, _technicians = self._demo_staff(store)
        stage.stores[store]["last"] = {}
        values = []
        vehicles = list(stage.cars[store])
        absent = set(dice.sample(range(len(vehicles)), len(vehicles) // 4))
        stage.stores[store]["active"] = [car for number, car in enumerate(vehicles) if number not in absent]
        for number, vehicle in enumerate(vehicles):
            age = (stage.opening - vehicle.delivery_date).days
            days = dice.randrange(165, 800) if number in absent else dice.randrange(20, 170)
            if age < days + 30:
                continue
            day = stage.opening - timedelta(days=days)
            day -= timedelta(days=1 if day.weekday() == 6 else 0)
            date_in = stage.utc(day, dice.randrange(9, 12), dice.randrange(60))
            km = stage.stores[store]["km"][vehicle.id]
            odometer = int(
                km * max(0.1, 1 - (stage.today - day).days / max(1, (stage.today - vehicle.delivery_date).days))
            )
            stage.stores[store]["last"][vehicle.id] = odometer
            values.append(
                {
                    "name": f"DMS{day:%y%m}{number:04d}",
                    "company_id": company.id,
                    "vehicle_id": vehicle.id,
                    "date_in": date_in,
                    "date_out": date_in + timedelta(hours=dice.randrange(2, 6)),
                    "kind": dice.choices(("maintenance", "repair", "inspection"), (7, 2, 1))[0],
                    "advisor_id": stage.users[dice.choice(advisors)].id,
                    "odometer": odometer,
                    "amount_total": dice.randrange(36, 210) * 10,
                    "callback_consent": "not_asked",
                }
            )
        orders.create(values)

    def _demo_plan_orders(self, stage, store):
        """Orders of each working day: taken in at noon's count, handed over at the end of the day or days later."""
        dice = stage.dice
        # From three days before the first finished month: what is due in it was delivered then
        first = stage.months[0] - timedelta(days=3)
        days = [day for day in sorted(stage.stores[store]["days"]) if first <= day <= stage.today]
        debt = 0.0
        for day in days:
            debt += ORDERS_A_MONTH[store] / 25.5 * dice.uniform(0.75, 1.25)
            count, debt = int(debt), debt - int(debt)
            stage.at(stage.utc(day, 12, 5), self._demo_take_in, stage, store, day, count)
            stage.at(stage.utc(day, 17, 15), self._demo_hand_over, stage, store)
        if days and days[-1] == stage.today:
            # However early the store is looked at: cars stand in the workshop
            moment = min(stage.end, stage.utc(stage.today, 12, 5)) - timedelta(minutes=20)
            if stage.end < stage.utc(stage.today, 12, 5):
                stage.at(
                    max(moment, stage.end - timedelta(minutes=1)), self._demo_take_in, stage, store, stage.today, 3
                )

    def _demo_pick_vehicle(self, stage, store, day):
        """A car that is not in the workshop and was not here for some weeks."""
        dice = stage.dice
        visits = stage.stores[store].setdefault("visits", {})
        for _try in range(40):
            vehicle = dice.choice(stage.stores[store]["active"])
            last = visits.get(vehicle.id)
            if not last or (day - last).days > 24:
                visits[vehicle.id] = day
                return vehicle
        return None

    def _demo_take_in(self, stage, store, day, count):
        dice, company = stage.dice, stage.stores[store]["company"]
        advisors, technicians = self._demo_staff(store)
        waiting = stage.stores[store].setdefault("workshop", [])
        by_advisor = {}
        for _number in range(count):
            earlier = self._demo_comeback(stage, store, day)
            vehicle = earlier.vehicle_id if earlier else self._demo_pick_vehicle(stage, store, day)
            if not vehicle:
                continue
            jobs = JOBS_ELECTRIC if vehicle.plate_type == "new_energy" else JOBS
            job = dice.choices(jobs, [job[1] for job in jobs])[0]
            kind, _weight, words, work, parts, hours = job
            date_in = min(stage.utc(day, dice.randrange(8, 12), dice.randrange(35, 60)), stage.now)
            odometer = stage.stores[store]["last"].get(vehicle.id) or int(stage.stores[store]["km"][vehicle.id] * 0.9)
            odometer += dice.randrange(300, 2600) if not earlier else dice.randrange(20, 300)
            stage.stores[store]["last"][vehicle.id] = odometer
            stage.order_number += 1
            advisor = dice.choice(advisors)
            by_advisor.setdefault(advisor, []).append(
                (
                    hours,
                    {
                        "name": f"WX{day:%y%m%d}{stage.order_number % 1000:03d}{'H' if store == SECOND else ''}",
                        "company_id": company.id,
                        "vehicle_id": vehicle.id,
                        "partner_id": vehicle.partner_id.id,
                        "date_in": date_in,
                        "date_promised": date_in + timedelta(hours=hours * 1.2),
                        "kind": "repair" if earlier else kind,
                        "comeback_of_id": earlier.id if earlier else False,
                        "customer_words": f"上次修的问题又出现了：{earlier.customer_words}" if earlier else words,
                        "odometer": odometer,
                        "advisor_id": stage.users[advisor].id,
                        "technician_ids": [
                            Command.set(
                                [
                                    stage.users[login].id
                                    for login in dice.sample(technicians, min(len(technicians), dice.choice((1, 1, 2))))
                                ]
                            )
                        ],
                        "line_ids": [
                            Command.create({"line_type": kind, "name": name, "price_unit": 0 if earlier else price})
                            for kind, lines in (("work", work), ("part", parts))
                            for name, price in lines
                        ],
                    },
                )
            )
        for advisor, entries in by_advisor.items():
            orders = stage.env(advisor)["aftersales.repair.order"].with_context(
                tracking_disable=True, mail_create_nosubscribe=True
            )
            created = orders.create([values for _hours, values in entries])
            for order, (hours, _values) in zip(created, entries, strict=True):
                if dice.random() < 0.08:
                    hours += dice.choice((2, 5, 20))  # not ready when promised
                if hours < 8:
                    out = max(order.date_in + timedelta(hours=hours), stage.now + timedelta(minutes=5))
                    waiting.append((min(out, stage.utc(day, 17, dice.randrange(0, 14))), advisor, order.id))
                else:
                    ready = stage.next_working_moment(store, order.date_in, hours / 3)
                    waiting.append((ready, advisor, order.id))

    def _demo_comeback(self, stage, store, day):
        """Now and then the same fault comes back."""
        if stage.dice.random() > 0.035:
            return None
        advisors, _technicians = self._demo_staff(store)
        earlier = stage.env(advisors[0])["aftersales.repair.order"].search(
            [
                ("company_id", "=", stage.stores[store]["company"].id),
                ("state", "=", "delivered"),
                ("kind", "=", "repair"),
                ("is_comeback", "=", False),
                ("comeback_ids", "=", False),
                ("date_out", ">=", stage.now - timedelta(days=24)),
                ("date_out", "<=", stage.now - timedelta(days=6)),
            ],
            limit=5,
        )
        order = stage.dice.choice(earlier) if earlier else None
        if order:
            stage.stores[store]["visits"][order.vehicle_id.id] = day
        return order

    def _demo_hand_over(self, stage, store):
        """Hand back the cars that are ready; ask for the callback at the same time."""
        dice = stage.dice
        stay = []
        for out, advisor, order_id in stage.stores[store].get("workshop", []):
            late = stage.local(stage.now).date() == stage.today and len(stay) < 3
            if out > stage.now or late:
                stay.append((out, advisor, order_id))
                continue
            order = stage.env(advisor)["aftersales.repair.order"].with_context(tracking_disable=True).browse(order_id)
            order.write(
                {
                    "date_out": out,
                    "settlement_number": f"JS{order.name[2:]}",
                    "callback_consent": dice.choices(("yes", "no", "not_asked"), (86, 6, 8))[0],
                    "callback_time": dice.choices(("any", "morning", "afternoon"), (70, 14, 16))[0],
                    "declined_advice": dice.choice(ADVICE) if dice.random() < 0.16 else False,
                }
            )
            if dice.random() < 0.012:
                moment = stage.next_working_moment(store, stage.now, 4)
                stage.at(moment, self._demo_cancel_order, stage, store, order)
        stage.stores[store]["workshop"] = stay

    def _demo_cancel_order(self, stage, store, order):
        manager = "manager" if store == MAIN else "hz_manager"
        stage.as_user(manager, order).action_cancel("重复开单，已并入另一张委托书")
