"""File floor of the demo store: customers, vehicle files in every state, change requests, a running stocktake."""

import base64
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.fields import Command

from ..tools.vin import check_digit
from .aftersales_demo_store import BRANDS_OF, MAIN, SECOND

# Files that the advisors take through the three hands, and those that came over from the old system
HANDLED, TAKEN_OVER = {MAIN: 48, SECOND: 6}, {MAIN: 122, SECOND: 18}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
GIVEN = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "洋", "艳", "勇", "杰", "娟", "涛", "明", "超", "秀兰", "霞", "平", "刚",
    "桂英", "建国", "志强", "晓东", "海燕", "雪梅", "文杰", "思远", "雨晨", "子涵", "嘉怡", "浩然", "俊杰", "欣怡", "梓萱",
    "振华", "立军", "春梅", "宏伟", "佳慧", "丽娟", "卫东", "永康", "晨曦", "若琳", "博文", "宇航", "美玲", "国栋", "慧敏",
]  # fmt: skip
TRADES = ["工程师", "教师", "个体经营", "公务员", "会计", "医生", "销售经理", "设计师", "退休", "物流", "律师", "厨师"]
COMPANIES = [
    "宏达物流有限公司", "安顺汽车租赁有限公司", "金桥建材有限公司", "恒通贸易有限公司", "瑞泰医疗器械有限公司", "蓝海文化传播有限公司",
    "东方园林工程有限公司", "鼎盛装饰工程有限公司", "佳禾食品有限公司", "天元软件科技有限公司",
]  # fmt: skip
ROADS = {
    MAIN: [("上海市青浦区", r) for r in ("盈港路", "公园路", "华青路", "徐泾镇明珠路", "淀山湖大道", "城中东路")]
    + [("上海市闵行区", "七莘路"), ("上海市松江区", "九亭大街"), ("上海市长宁区", "仙霞路")],
    SECOND: [("杭州市西湖区", "文三路"), ("杭州市余杭区", "良睦路"), ("杭州市拱墅区", "莫干山路")],
}
INSURERS = ["中国人保财险", "平安产险", "太平洋产险", "中国人寿财险", "阳光保险"]
LENDERS = ["大众汽车金融（中国）", "招商银行", "中国工商银行", "建设银行"]
PREFERENCES = [
    ("time", "周六上午"), ("time", "工作日下班后"), ("way", "微信联系，少打电话"), ("payment", "支付宝"), ("payment", "对公转账，月结"),
    ("drink", "绿茶，不加糖"), ("drink", "美式咖啡"), ("drink", "温水"), ("topic", "自驾游"), ("topic", "孩子上学"), ("topic", "钓鱼"),
    ("driving", "高速为主，开得较快"), ("driving", "市区短途"), ("magazine", "汽车杂志"), ("rest", "靠窗安静的位置"),
    ("taste", "喜欢原厂配件"), ("address", "称呼“王老师”"), ("habit", "取车前要看旧件"), ("content", "先报价再施工"),
    ("advisor", "指定陈静接待"), ("technician", "指定孙师傅"),
]  # fmt: skip
YEAR_CODES = "ABCDEFGHJKLMNPRSTVWXY123456789"


def make_vin(dice, code, year, number):
    """A VIN with the right check digit: maker and model, three signs, check digit, model year, plant, serial number."""
    signs = "".join(dice.choice("123456789BCDHKMN") for _ in range(3))
    vin = f"{code}{signs}0{YEAR_CODES[(year - 1980) % 30]}2{number:06d}"
    return vin[:8] + check_digit(vin) + vin[9:]


def make_scan(title):
    """A one-page PDF that stands for a scan; small, and the same for all."""
    text = f"BT /F1 20 Tf 60 760 Td ({title}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(parts) + 1,
        table,
        len(parts) + 1,
        len(out),
    )


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_files(self, stage):
        stage.cars = {}
        stage.people = {}
        stage.phones = set()
        stage.plates = set()
        for store, advisor in ((MAIN, "advisor"), (SECOND, "hz_advisor")):
            self._demo_vehicles(stage, store, advisor)
            self._demo_paperwork(stage, store)
            self._demo_consents(stage, store, advisor)
            self._demo_filing(stage, store)
        self._demo_changes(stage)
        self._demo_stocktake(stage)

    # Customers ----------------------------------------------------------

    def _demo_phone(self, stage):
        # The middle block 0000 is given to nobody's mobile: a demo store calls no real person
        while True:
            number = f"+86 1{stage.dice.choice(('38', '39', '36', '58', '86', '77', '89'))} 0000 {stage.dice.randrange(10000):04d}"
            if number not in stage.phones:
                stage.phones.add(number)
                return number

    def _demo_person_name(self, stage):
        return stage.dice.choice(SURNAMES) + stage.dice.choice(GIVEN)

    def _demo_customers(self, stage, store, count):
        """Owners; every eighth is a company with somebody who answers for it."""
        dice, company = stage.dice, stage.stores[store]["company"]
        city = "上海" if store == MAIN else "杭州"
        china = self.env.ref("base.cn").id
        values = []
        for number in range(count):
            district, road = dice.choice(ROADS[store])
            address = {
                "street": f"{road}{dice.randrange(10, 1900)}号",
                "city": district,
                "state_id": company.state_id.id,
                "zip": company.zip,
                "country_id": china,
                "company_id": company.id,
                "phone": self._demo_phone(stage),
            }
            if number % 8 == 7:
                values.append(
                    {
                        **address,
                        "name": f"{city}{COMPANIES[(number // 8) % len(COMPANIES)]}"
                        if number // 8 < len(COMPANIES)
                        else f"{city}{dice.choice(SURNAMES)}{dice.choice('氏记')}{dice.choice(COMPANIES)}",
                        "is_company": True,
                        "aftersales_occupation": "企业用车",
                        "aftersales_identity_number": f"91310118MA{dice.randrange(10**8):08d}",
                    }
                )
            else:
                born = date(dice.randrange(1962, 2001), dice.randrange(1, 13), dice.randrange(1, 29))
                values.append(
                    {
                        **address,
                        "name": self._demo_person_name(stage),
                        "aftersales_occupation": dice.choice(TRADES),
                        "aftersales_birth_date": born,
                        "aftersales_identity_number": f"310118{born:%Y%m%d}{dice.randrange(1000):03d}{dice.randrange(10)}",
                        "aftersales_mailing_address": f"{district}{address['street']}"
                        if dice.random() < 0.4
                        else False,
                    }
                )
        return values

    # Vehicles -----------------------------------------------------------

    def _demo_plate(self, stage, store, electric):
        dice, prefix = stage.dice, "沪" if store == MAIN else "浙"
        while True:
            letter = dice.choice("ABCDEFGHJKMN") if store == MAIN else "A"
            if electric:
                plate = f"{prefix}{letter}{dice.choice('DDDF')}{dice.randrange(10**5):05d}"
            else:
                plate = f"{prefix}{letter}{dice.choice('123456789')}{dice.choice('ABCDEFGHJKLMNP0123456789')}{dice.randrange(1000):03d}"
            if plate not in stage.plates:
                stage.plates.add(plate)
                return plate

    def _demo_vehicles(self, stage, store, advisor):
        dice, today = stage.dice, stage.today
        env = stage.env(advisor)
        count = HANDLED[store] + TAKEN_OVER[store]
        owners = (
            env["res.partner"]
            .with_context(tracking_disable=True)
            .create(self._demo_customers(stage, store, round(count * 0.9)))
        )
        drivers = (
            env["res.partner"]
            .with_context(tracking_disable=True)
            .create(
                [
                    {
                        "name": self._demo_person_name(stage),
                        "phone": self._demo_phone(stage),
                        "company_id": owner.company_id.id,
                        "function": "司机" if owner.is_company else False,
                    }
                    for owner in owners
                    if owner.is_company
                ]
            )
        )
        driver_of = dict(zip(owners.filtered("is_company"), drivers, strict=True))
        vehicles = []
        for number in range(count):
            # One owner in ten has a second car
            owner = owners[number] if number < len(owners) else owners[(number - len(owners)) * 7 % len(owners)]
            model, electric, code, engine = dice.choice(stage.models[dice.choice(BRANDS_OF[store])])
            age = dice.randrange(150, 1200 if electric else 3000)
            made = today - timedelta(days=age)
            delivered = made + timedelta(days=dice.randrange(20, 90))
            loan = dice.random() < 0.3 and age < 900
            vehicles.append(
                {
                    "license_plate": self._demo_plate(stage, store, electric),
                    "vin": make_vin(dice, code, made.year, 10000 + number * 37 + (500000 if store == SECOND else 0)),
                    "engine_number": f"{engine}{dice.randrange(10**6):06d}",
                    "model_id": model.id,
                    "manufacture_date": made,
                    "delivery_date": delivered,
                    "sales_reference": f"XS{delivered:%Y%m}{number:04d}" if dice.random() < 0.7 else False,
                    "partner_id": owner.id,
                    "contact_id": driver_of[owner].id if owner in driver_of else owner.id,
                    "driver_id": driver_of[owner].id if owner in driver_of else owner.id,
                    "inspection_due_date": delivered + relativedelta(years=2 if age < 730 else 2 * (age // 730 + 1)),
                    "warranty_end_date": delivered + relativedelta(years=3),
                    "loan_lender": dice.choice(LENDERS) if loan else False,
                    "loan_due_date": delivered + relativedelta(years=3) if loan else False,
                    "company_id": stage.stores[store]["company"].id,
                }
            )
        if store == MAIN:
            # A car on its way to its first plate, and one with a plate of the old system that needs a look
            vehicles[HANDLED[store] - 1]["license_plate"] = "沪AX8021临"
            vehicles[HANDLED[store] - 2]["license_plate"] = "使012345"
        records = env["aftersales.vehicle"].with_context(tracking_disable=True).create(vehicles)
        km = {}
        for record in records:
            years = (today - record.delivery_date).days / 365
            km[record.id] = max(800, int(years * dice.randrange(8000, 19000)))
        stage.cars[store] = records
        stage.people[store] = owners
        stage.stores[store]["km"] = km

    def _demo_paperwork(self, stage, store):
        """Checklist with scans and gaps, insurance, preferences, odometer of the files that are being filed."""
        dice, today = stage.dice, stage.today
        advisor = "advisor" if store == MAIN else "hz_advisor"
        env = stage.env(advisor)
        handled = stage.as_user(advisor, stage.cars[store][: HANDLED[store]])
        scan = base64.b64encode(make_scan("Demo scan - no real document"))
        documents = handled.document_ids.filtered(lambda _document: dice.random() < 0.86)
        scans = env["ir.attachment"].create(
            [
                {
                    "name": f"{document.type_id.name}.pdf",
                    "datas": scan,
                    "res_model": document._name,
                    "res_id": document.id,
                }
                for document in documents
            ]
        )
        for document, attachment in zip(documents, scans, strict=True):
            document.attachment_ids = [Command.set(attachment.ids)]
        policies, readings, likes = [], [], []
        kinds = {kind.code: kind for kind in env["aftersales.preference.kind"].search([])}
        for vehicle in handled:
            end = today + timedelta(days=dice.randrange(-20, 345))
            insurer = dice.choice(INSURERS)
            for kind in ("compulsory", "commercial")[: 1 if dice.random() < 0.15 else 2]:
                policies.append(
                    {
                        "vehicle_id": vehicle.id,
                        "kind": kind,
                        "insurer": insurer,
                        "policy_number": f"P{'DZA' if kind == 'compulsory' else 'DAA'}{end.year - 1}{dice.randrange(10**8):08d}",
                        "date_start": end - timedelta(days=364),
                        "date_end": end,
                    }
                )
            km = stage.stores[store]["km"][vehicle.id]
            for share in (0.45, 0.75):
                days = (today - vehicle.delivery_date).days
                readings.append(
                    {
                        "vehicle_id": vehicle.id,
                        "date": vehicle.delivery_date + timedelta(days=int(days * share)),
                        "value": int(km * share),
                    }
                )
            for code, value in dice.sample(PREFERENCES, dice.choice((0, 1, 2, 3))):
                if code in kinds and not (store == SECOND and code in ("advisor", "technician")):
                    likes.append({"vehicle_id": vehicle.id, "kind_id": kinds[code].id, "value": value})
        env["aftersales.vehicle.insurance"].create(policies)
        env["aftersales.vehicle.odometer"].create(readings)
        env["aftersales.preference"].create(likes)

    def _demo_consents(self, stage, store, advisor):
        """Most customers agreed to callbacks when they bought the car."""
        dice = stage.dice
        env = stage.env(advisor)
        owners = stage.people[store]
        env["aftersales.consent"].create(
            [
                {
                    "partner_id": owner.id,
                    "purpose": "callback",
                    "channel": "phone",
                    "basis": dice.choice(("signed", "signed", "verbal", "online")),
                    "wording_version": "2025-01",
                }
                for owner in owners
                if dice.random() < 0.75
            ]
        )
        if store == MAIN:
            day = stage.opening + timedelta(days=40)
            stage.at(
                stage.utc(day, 10, 20),
                self._demo_do_not_call,
                stage,
                owners[17],
                "客户来电：请不要再打电话，有事发短信",
            )
            stage.at(stage.utc(day, 15, 5), self._demo_do_not_call, stage, owners[95], "客户表示已多次说明不接受回访")
            for number in (3, 24, 61):
                moment = stage.next_working_moment(MAIN, stage.utc(stage.today - timedelta(days=number % 9 + 2), 11))
                stage.at(moment, self._demo_reveal, stage, owners[number])

    def _demo_do_not_call(self, stage, partner, reason):
        stage.as_user("crc", partner).action_aftersales_do_not_call(reason)

    def _demo_reveal(self, stage, partner):
        purposes = self.env["aftersales.reveal"]._fields["purpose"].get_values(self.env)
        stage.as_user("crc", partner).action_aftersales_reveal_phone(purposes[0])

    # Filing -------------------------------------------------------------

    def _demo_filing(self, stage, store):
        """Packets of files go through the three hands; the last ones are still on their way."""
        prefix = "" if store == MAIN else "hz_"
        handled = stage.cars[store][: HANDLED[store]]
        days = [day for day in sorted(stage.stores[store]["days"]) if stage.opening < day <= stage.today]
        packet = 6
        packets = [handled[start : start + packet] for start in range(0, len(handled), packet)]
        span = max(1, (len(days) - 3) // len(packets))
        for number, files in enumerate(packets):
            left = len(packets) - 1 - number
            day = days[min(2 + number * span, len(days) - 4)] if left else days[-3]
            advisor = ("advisor", "advisor2")[number % 2] if store == MAIN else "hz_advisor"
            if not left:
                files = files[:-2]  # the last two stay drafts
            stage.at(stage.utc(day, 10, 15), self._demo_submit_files, stage, files, advisor, prefix, left)

    def _demo_submit_files(self, stage, files, advisor, prefix, left):
        store = MAIN if not prefix else SECOND
        stage.as_user(advisor, files).action_submit()
        if left == 0:
            return
        returned = files[:1] if left in (2, 4) else files.browse()
        moment = stage.next_working_moment(store, stage.now, 3)
        if returned:
            stage.at(moment, self._demo_return_file, stage, returned, advisor, prefix, left)
        stage.at(moment + timedelta(minutes=20), self._demo_verify_files, stage, files - returned, prefix, left)

    def _demo_return_file(self, stage, vehicle, advisor, prefix, left):
        stage.as_user(f"{prefix}manager", vehicle._approval_pending()).decide(
            "returned", "发动机号与行驶证不一致，请核对后重新提交。" if left == 4 else "缺接洽人电话，请补齐。"
        )
        if left == 4:
            store = MAIN if not prefix else SECOND
            stage.at(
                stage.next_working_moment(store, stage.now, 5), self._demo_mend_file, stage, vehicle, advisor, prefix
            )

    def _demo_mend_file(self, stage, vehicle, advisor, prefix):
        record = stage.as_user(advisor, vehicle)
        record.engine_number = record.engine_number[:-1] + "8"
        record.action_submit()
        store = MAIN if not prefix else SECOND
        stage.at(stage.next_working_moment(store, stage.now, 4), self._demo_verify_files, stage, vehicle, prefix, 9)

    def _demo_verify_files(self, stage, files, prefix, left):
        stage.as_user(f"{prefix}manager", files).action_approval_approve()
        if left == 1:
            files = files[:2]  # the others wait for the archivist
        store = MAIN if not prefix else SECOND
        stage.at(stage.next_working_moment(store, stage.now, 4.5), self._demo_file_files, stage, files, prefix)

    def _demo_file_files(self, stage, files, prefix):
        stage.as_user(f"{prefix}archivist", files).action_approval_approve()

    # Changes ------------------------------------------------------------

    def _demo_changes(self, stage):
        filed = stage.cars[MAIN][:24]
        day = stage.today
        plans = [
            (40, "advisor", filed[2], "correction", self._demo_new_plate, "客户换发新号牌", "approve"),
            (26, "advisor2", filed[5], "ownership", self._demo_new_owner, "二手车过户，行驶证已变更", "approve"),
            (15, "archivist", filed[9], "correction", self._demo_new_engine, "盘点发现发动机号录入错误", "return"),
            (9, "advisor", filed[12], "correction", self._demo_new_model, "车型选错，应为同品牌另一车型", "cancel"),
            (3, "advisor2", filed[14], "ownership", self._demo_new_owner, "客户来电：车辆已过户给亲属", None),
            (2, "crc", filed[16], "correction", self._demo_new_plate, "回访得知客户已换牌", None),
        ]
        for days, login, vehicle, kind, values, reason, decision in plans:
            moment = stage.next_working_moment(MAIN, stage.utc(day - timedelta(days=days), 10, 40))
            stage.at(moment, self._demo_ask_change, stage, login, vehicle, kind, values, reason, decision)

    def _demo_new_plate(self, stage, vehicle):
        return {"license_plate": self._demo_plate(stage, MAIN, vehicle.plate_type == "new_energy")}

    def _demo_new_engine(self, _stage, vehicle):
        return {"engine_number": vehicle.engine_number[:-2] + "61"}

    def _demo_new_model(self, _stage, vehicle):
        return {"model_id": (vehicle.brand_id.model_ids - vehicle.model_id)[0].id}

    def _demo_new_owner(self, stage, vehicle):
        buyer = stage.env("advisor")["res.partner"].create(
            {
                "name": self._demo_person_name(stage),
                "phone": self._demo_phone(stage),
                "company_id": vehicle.company_id.id,
                "city": "上海市青浦区",
                "street": "华新镇新凤中路299号",
            }
        )
        return {"partner_id": buyer.id}

    def _demo_ask_change(self, stage, login, vehicle, kind, values, reason, decision):
        record = stage.as_user(login, vehicle)
        if record.state != "filed":
            return
        request = record.env["aftersales.change.request"]._ask(record, values(stage, record), reason, kind)
        if decision:
            moment = stage.next_working_moment(MAIN, stage.now, 5)
            stage.at(moment, self._demo_decide_change, stage, login, request, decision)

    def _demo_decide_change(self, stage, login, request, decision):
        if decision == "approve":
            stage.as_user("manager", request).action_approval_approve()
        elif decision == "return":
            stage.as_user("manager", request._approval_pending()).decide("returned", "请附上发动机号照片后再提交。")
        else:
            stage.as_user(login, request).action_cancel()

    # Stocktake ----------------------------------------------------------

    def _demo_stocktake(self, stage):
        days = [day for day in sorted(stage.stores[MAIN]["days"]) if day <= stage.today][-9:]
        stage.at(stage.utc(days[0], 9, 10), self._demo_start_stocktake, stage, days)

    def _demo_start_stocktake(self, stage, days):
        stocktake = stage.env("archivist")["aftersales.stocktake"].create(
            {
                "name": f"{days[0].year}年度车辆档案盘点",
                "date_start": days[0],
                "date_end": days[0] + timedelta(days=30),
                "company_id": stage.stores[MAIN]["company"].id,
            }
        )
        stocktake.action_start()
        lines = list(stocktake.line_ids)
        share = len(lines) // 14
        for number, day in enumerate(days[1:]):
            part = stocktake.line_ids.browse([line.id for line in lines[number * share : (number + 1) * share]])
            stage.at(stage.utc(day, 16, 30), self._demo_check_files, stage, part)

    def _demo_check_files(self, stage, lines):
        dice = stage.dice
        results = {
            line: dice.choices(("correct", "corrected", "missing", "out_of_touch"), (84, 9, 3, 4))[0] for line in lines
        }
        for result in ("correct", "corrected", "missing", "out_of_touch"):
            chosen = lines.filtered(lambda line, result=result: results[line] == result)
            if chosen:
                getattr(stage.as_user("archivist", chosen), f"action_{result}")()
