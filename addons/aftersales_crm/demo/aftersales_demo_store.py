"""Ground of the demo store: companies, working calendar, people, catalogue of models."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.fields import Command

MAIN, SECOND = "main", "second"

STORES = {
    MAIN: {
        "name": "上海锦程汽车销售服务有限公司",
        "street": "沪青平公路1688号",
        "city": "上海市",
        "state": "base.state_cn_SH",
        "zip": "201799",
        "phone": "+86 21 5978 6688",
        "email": "service@jincheng-auto.example.com",
        "website": "https://jincheng-auto.example.com",
        "company_registry": "91310118MA1JCDEMO1",
        "aftersales_callback_spread_days": 4,
    },
    SECOND: {
        "name": "杭州锦程新能源汽车服务有限公司",
        "street": "文一西路998号",
        "city": "杭州市",
        "state": "base.state_cn_ZJ",
        "zip": "311121",
        "phone": "+86 571 8861 2266",
        "email": "hangzhou@jincheng-auto.example.com",
        "website": "https://jincheng-auto.example.com",
        "company_registry": "91330110MA2JCDEMO2",
    },
}
# login, name, roles, store; technicians have no password: they do not log in
PEOPLE = [
    ("advisor", "陈静", ["advisor"], MAIN),
    ("advisor2", "周敏", ["advisor"], MAIN),
    ("crc", "林晓梅", ["crc"], MAIN),
    ("crc2", "高洁", ["crc"], MAIN),
    ("archivist", "沈文芳", ["archivist"], MAIN),
    ("manager", "吴国强", ["manager"], MAIN),
    ("gm", "郑海峰", ["gm"], MAIN),
    ("technician1", "孙师傅", ["user"], MAIN),
    ("technician2", "马超", ["user"], MAIN),
    ("technician3", "朱军", ["user"], MAIN),
    ("technician4", "胡斌", ["user"], MAIN),
    ("hz_advisor", "傅琳", ["advisor"], SECOND),
    ("hz_crc", "许佳怡", ["crc"], SECOND),
    ("hz_archivist", "潘雅", ["archivist"], SECOND),
    ("hz_manager", "何立新", ["manager"], SECOND),
    ("hz_gm", "曹建华", ["gm"], SECOND),
    ("hz_technician1", "钱永", ["user"], SECOND),
    ("group", "蒋丽华", ["officer"], None),
]
# Brand, brand of the fleet app whose logo it gets, its models (name, electric, makers' VIN code, petrol engine code)
CATALOGUE = [
    ("大众", "volkswagen", [
        ("朗逸", False, "LSVAA", "DLF"), ("帕萨特", False, "LSVCZ", "DPL"), ("途观L", False, "LSVUD", "DKV"),
        ("迈腾", False, "LFV3A", "DTH"), ("速腾", False, "LFV2B", "DLX"), ("途岳", False, "LSVUY", "DPL"),
        ("ID.4 X", True, "LSVUB", "EBJ"), ("ID.3", True, "LSVFB", "EBN"),
    ]),
    ("奥迪", "audi", [("A4L", False, "LFV3A", "DKX"), ("A6L", False, "LFV3B", "DKW"), ("Q5L", False, "LFV3C", "DKV")]),
    ("斯柯达", "skoda", [("明锐", False, "LSVAE", "DLF"), ("柯迪亚克", False, "LSVWL", "DKV")]),
    ("比亚迪", "byd", [
        ("秦PLUS DM-i", True, "LGXCE", "472QA"), ("汉 EV", True, "LGXC7", "TZ230"), ("宋PLUS DM-i", True, "LGXCH", "472QA"),
        ("海豚", True, "LGXCA", "TZ180"), ("元PLUS", True, "LGXCB", "TZ200"),
    ]),
    ("丰田", "toyota", [("凯美瑞", False, "LVGBM", "A25A"), ("卡罗拉", False, "LFMAP", "M15A")]),
]  # fmt: skip
BRANDS_OF = {
    MAIN: ("大众", "大众", "大众", "大众", "奥迪", "斯柯达", "丰田"),
    SECOND: ("比亚迪", "比亚迪", "比亚迪", "大众"),
}
CALENDAR = [
    (day, start, end, period)
    for day in range(6)
    for start, end, period in ((8.5, 12.0, "morning"), (13.0, 17.5, "afternoon"))
]


class AftersalesDemo(models.AbstractModel):
    _inherit = "aftersales.demo"

    def _demo_people(self):
        return [{"login": login, "name": name, "roles": roles, "store": store} for login, name, roles, store in PEOPLE]

    def _demo_store(self, stage):
        """Companies with their calendars, then people, then the catalogue."""
        today = stage.local(stage.end).date()
        stage.today = today
        first = today.replace(day=1)
        # The two months that are finished, and the running one
        stage.months = [first - relativedelta(months=2), first - relativedelta(months=1), first]
        stage.opening = stage.months[0] - timedelta(days=24)
        stage.move_to(stage.utc(stage.opening, 8, 0))
        yuan = self.env.ref("base.CNY")
        yuan.active = True
        for code, values in STORES.items():
            stage.stores[code] = {"company": self._demo_company(values, yuan)}
        self._demo_calendars(stage)
        self._demo_users(stage)
        self._demo_catalogue(stage)

    def _demo_company(self, values, currency):
        state = self.env.ref(values["state"], raise_if_not_found=False)
        # Where the app that asks Odoo's servers about a new company is installed: it is not asked
        known = {"iap_enrich_auto_done": True} if "iap_enrich_auto_done" in self.env["res.company"]._fields else {}
        company = self.env["res.company"].create(
            {
                **known,
                **{name: value for name, value in values.items() if name != "state"},
                "country_id": self.env.ref("base.cn").id,
                "state_id": state.id if state else False,
                "currency_id": currency.id,
            }
        )
        company.partner_id.write({"tz": "Asia/Shanghai", "lang": "en_US"})
        return company

    def _demo_calendars(self, stage):
        today = stage.today
        names = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六")
        holidays, made_up = self._demo_holidays(today)
        for store in stage.stores.values():
            company = store["company"]
            calendar = self.env["resource.calendar"].create(
                {
                    "name": f"{company.name} 工作时间",
                    "company_id": company.id,
                    "tz": "Asia/Shanghai",
                    "attendance_ids": [Command.clear()]
                    + [
                        Command.create(
                            {
                                "name": f"{names[day]}{'上午' if period == 'morning' else '下午'}",
                                "dayofweek": str(day),
                                "hour_from": start,
                                "hour_to": end,
                                "day_period": period,
                            }
                        )
                        for day, start, end, period in CALENDAR
                    ],
                }
            )
            company.resource_calendar_id = calendar
            self.env["resource.calendar.leaves"].create(
                [
                    {
                        "name": name,
                        "company_id": company.id,
                        "calendar_id": calendar.id,
                        "date_from": stage.utc(first, 0),
                        "date_to": stage.utc(last, 23, 59),
                        "time_type": "leave",
                    }
                    for name, first, last in holidays
                ]
            )
            self.env["aftersales.working.day"].create(
                [{"name": name, "date": day, "dayofweek": "4", "company_id": company.id} for name, day in made_up]
            )
            store["days"] = set(
                company._aftersales_working_days(stage.opening - timedelta(days=10), today + timedelta(days=40))
            )

    def _demo_holidays(self, today):
        """A long holiday some weeks ago with its make-up Sunday, a day off to come; today is always worked."""
        friday = today - timedelta(days=45 + (today - timedelta(days=45)).weekday() - 4)
        coming = today + timedelta(days=24)
        coming -= timedelta(days=max(0, coming.weekday() - 5))
        holidays = [("法定节假日", friday, friday + timedelta(days=2)), ("法定节假日", coming, coming)]
        made_up = [("调休上班", friday - timedelta(days=5))]
        if today.weekday() == 6:
            # Whoever looks at the demo on a Sunday finds the store at work, too
            made_up.append(("调休上班", today))
        else:
            made_up.append(("调休上班", today - timedelta(days=today.weekday() + 1)))
        return holidays, made_up

    def _demo_users(self, stage):
        groups = {
            role: self.env.ref(f"aftersales_crm.group_aftersales_{role}")
            for role in ("advisor", "crc", "archivist", "manager", "gm", "officer", "user", "admin")
        }
        both = self.env["res.company"].union(*(store["company"] for store in stage.stores.values()))
        main = stage.stores[MAIN]["company"]
        users = self.env["res.users"].with_context(no_reset_password=True)
        for person in self._demo_people():
            companies = stage.stores[person["store"]]["company"] if person["store"] else both
            login = person["login"]
            values = {
                "login": login,
                "name": person["name"],
                "email": f"{login}@jincheng-auto.example.com",
                "company_id": companies[0].id,
                "company_ids": [Command.set(companies.ids)],
                "group_ids": [Command.set([groups[role].id for role in person["roles"]])],
                "tz": "Asia/Shanghai",
                "lang": "en_US",
                "notification_type": "inbox",
            }
            if "technician" not in login:
                values["password"] = login
            stage.users[login] = users.create(values)
        if "odoobot_state" in users._fields:
            # Odoo's own bot would open its chat over the first page that each of them looks at
            people = users.union(*stage.users.values()) | self.env.ref("base.user_admin")
            people.odoobot_state = "disabled"
        admin = self.env.ref("base.user_admin")
        admin.write(
            {
                "company_ids": [Command.link(company.id) for company in both],
                "company_id": main.id,
                "group_ids": [Command.link(groups["admin"].id)],
                "tz": "Asia/Shanghai",
            }
        )
        stage.users["admin"] = admin

    def _demo_catalogue(self, stage):
        stage.models = {}
        for name, logo, cars in CATALOGUE:
            brand = self.env["fleet.vehicle.model.brand"].search([("name", "=", name)], limit=1)
            if not brand:
                known = self.env.ref(f"fleet.brand_{logo}", raise_if_not_found=False)
                brand = self.env["fleet.vehicle.model.brand"].create(
                    {"name": name, "image_128": known.image_128 if known else False}
                )
            records = self.env["fleet.vehicle.model"].create(
                [
                    {
                        "name": model,
                        "brand_id": brand.id,
                        "vehicle_type": "car",
                        "default_fuel_type": "electric" if electric else "gasoline",
                    }
                    for model, electric, _wmi, _engine in cars
                ]
            )
            stage.models[name] = [
                (record, electric, wmi, engine)
                for record, (_model, electric, wmi, engine) in zip(records, cars, strict=True)
            ]
