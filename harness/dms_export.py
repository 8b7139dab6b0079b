"""Export files as dealer management systems write them, with the faults that they really have.

The same seed is the same store: its cars and customers come back month after month. Only the standard library, and
openpyxl for XLSX; nothing of the addon.
"""

import calendar
import csv
import datetime
import random
from pathlib import Path

HEADERS = [
    "工单号", "进厂时间", "预计交车时间", "出厂时间", "车牌号", "车架号(VIN)", "发动机号", "品牌", "车型", "车主", "手机",
    "送修人", "行驶里程", "服务顾问", "维修技师", "维修类型", "客户描述", "维修项目", "工时费", "配件", "材料费", "合计",
    "结算单号", "返修原单号", "未执行的建议项目", "是否接受回访", "回访时间", "备注",
]  # fmt: skip
ADVISORS = ("陈静", "周敏", "吴强", "郑伟")
TECHNICIANS = ("孙师傅", "马超", "朱军", "胡斌", "林峰", "何勇")
_MODELS = (
    ("大众", "朗逸", "LSV", False),
    ("大众", "迈腾", "LFV", False),
    ("大众", "ID.4 CROZZ", "LFV", True),
    ("大众", "途观L", "LSV", False),
    ("斯柯达", "明锐", "LSV", False),
    ("奥迪", "A6L", "LFV", False),
    ("奥迪", "Q4 e-tron", "LFV", True),
)
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红娥玲芬燕彬琳宇浩凯悦欣怡雨晨梓涵子轩思远嘉俊"
_COMPANIES = ("宏达物流有限公司", "安顺租赁有限公司", "金桥建材有限公司", "恒通贸易有限公司")
_JOBS = (
    ("保养", "小保养 更换机油机滤", "机油5W-30 机油滤清器", (120, 260), (280, 620), "做保养"),
    ("保养", "常规保养 四轮换位", "机油滤清器 空气滤清器", (180, 320), (320, 700), "里程到了，来做保养"),
    ("维修", "更换前刹车片", "前刹车片", (200, 360), (480, 980), "刹车有异响"),
    ("维修", "检修空调 清洗蒸发箱", "空调滤清器", (260, 480), (90, 260), "空调不制冷"),
    ("维修", "更换蓄电池", "蓄电池", (60, 120), (520, 900), "早上打不着火"),
    ("维修", "更换左前减振器", "减振器 顶胶", (300, 520), (700, 1500), "过减速带左前有咚咚声"),
    ("事故", "前保险杠钣金喷漆", "前保险杠 卡扣", (800, 1800), (900, 2600), "追尾事故，走保险"),
    ("索赔", "更换车窗升降器开关", "升降器开关", (0, 0), (0, 0), "左前车窗升降不好用"),
    ("召回", "召回 软件升级", "", (0, 0), (0, 0), "收到召回通知"),
    ("检测", "年检前检测", "", (50, 120), (0, 0), "准备年检，帮忙看一下"),
)
_ADVICE = ("建议更换后刹车片，客户暂不做", "轮胎磨损，建议更换", "建议清洗节气门", "")
_VALUES = {**{str(i): i for i in range(10)}, **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))}  # fmt: skip
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def _check_digit(vin):
    rest = sum(_VALUES[char] * weight for char, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def _make_vin(rng, wmi):
    body = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(5))
    year = rng.choice("KLMNPRS")
    tail = "".join(rng.choice("0123456789") for _ in range(6))
    vin = f"{wmi}{body}0{year}{rng.choice('ABCDEFGH')}{tail}"
    return vin[:8] + _check_digit(vin) + vin[9:]


def _make_plate(rng, electric):
    if electric:
        return "沪A" + rng.choice("DF") + "".join(rng.choice("0123456789") for _ in range(5))
    return "沪" + rng.choice("ABCDEFGH") + "".join(rng.choice(_PLATE_LETTERS[:8] + "0123456789") for _ in range(5))


def make_fleet(seed, count):
    """Return the cars of the store with their owners, without faults."""
    rng = random.Random(f"{seed}-fleet")
    cars, vins, plates, people = [], set(), set(), set()
    owner = None
    while len(cars) < count:
        brand, model, wmi, electric = rng.choice(_MODELS)
        vin, plate = _make_vin(rng, wmi), _make_plate(rng, electric)
        if vin in vins or plate in plates:
            continue
        vins.add(vin)
        plates.add(plate)
        # One car in a hundred has a VIN whose check digit is wrong, and has it in every export
        if rng.random() < 0.01:
            vin = vin[:8] + ("1" if vin[8] != "1" else "2") + vin[9:]
        # One owner in ten has a second car
        if owner and owner["cars"] == 1 and rng.random() < 0.1:
            owner["cars"] = 2
        else:
            name = rng.choice(_SURNAMES) + "".join(rng.choice(_GIVEN) for _ in range(rng.choice((1, 2, 2))))
            if rng.random() < 0.04:
                name = f"{rng.choice(_SURNAMES)}{rng.choice(_GIVEN)}{rng.choice(_COMPANIES)}"
            phone = f"1{rng.choice('35789')}{rng.randrange(10**9):09d}"
            if phone in people:
                continue
            people.add(phone)
            owner = {"name": name, "phone": phone, "cars": 1}
        cars.append(
            {
                "vin": vin,
                "plate": plate,
                "engine": f"{rng.choice(('EA211', 'EA888', 'DKV'))}{rng.randrange(10**6):06d}",
                "brand": brand,
                "model": model,
                "owner": owner,
                "km": rng.randrange(3000, 120000),
                "km_month": rng.randrange(400, 2200),
            }
        )
    return cars


def _date_text(moment, form):
    if form == 0:
        return moment.strftime("%Y-%m-%d %H:%M")
    if form == 1:
        return f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute:02d}"
    return f"{moment.year}年{moment.month}月{moment.day}日 {moment.hour:02d}:{moment.minute:02d}"


def _faulty_vin(rng, vin):
    """Return a VIN that is none: a letter that is never used, or a length that is never right."""
    position = rng.randrange(9, 17)
    return rng.choice((vin[:-1], vin + "7", vin[:position] + rng.choice("IOQ") + vin[position + 1 :]))


def make_month(month, seed, orders=300, until=None, advisors=ADVISORS, technicians=TECHNICIANS):
    """Make the rows of a month.

    :param datetime.date month: any day of it
    :param until: moment of the export; later arrivals are left out, later deliveries are still open
    :return: (rows as lists in the order of HEADERS, expected counts)
    """
    until = until or datetime.datetime.now()
    first = datetime.datetime(month.year, month.month, 1)
    days = calendar.monthrange(month.year, month.month)[1]
    rng = random.Random(f"{seed}-{month:%Y-%m}")
    fleet = make_fleet(seed, max(int(orders * 1.8), 20))
    age = (month.year - 2024) * 12 + month.month
    visits = rng.sample(fleet, min(int(orders * 0.94), len(fleet)))
    visits += rng.choices(fleet, k=orders - len(visits))
    table = []
    for car in visits:
        start = first + datetime.timedelta(days=rng.randrange(days), hours=8, minutes=rng.randrange(0, 540))
        table.append({"car": car, "in": start, "job": rng.choices(_JOBS, weights=(30, 18, 9, 6, 6, 5, 9, 6, 3, 8))[0]})
    table.sort(key=lambda visit: visit["in"])
    last_by_car = {}
    for number, visit in enumerate(table, start=1):
        visit["number"] = f"WX{month:%Y%m}{number:05d}"
        visit["stay"] = datetime.timedelta(minutes=rng.choice((75, 120, 180, 260, 420, 1500, 3000)))
        # A car has one open order at a time
        before = last_by_car.get(id(visit["car"]))
        if before and visit["in"] <= before["in"] + before["stay"]:
            visit["in"] = before["in"] + before["stay"] + datetime.timedelta(hours=20)
        if before and before["job"][0] in ("保养", "维修", "事故") and rng.random() < 0.6:
            visit["comeback"] = before["number"]
            visit["job"] = rng.choice([job for job in _JOBS if job[0] == "维修"])
        last_by_car[id(visit["car"])] = visit
    table = [visit for visit in table if visit["in"] <= until]
    faults = _spread_faults(rng, table)
    rows = []
    for number, visit in enumerate(table):
        row = _make_row(rng, visit, age, until, advisors, technicians, faults.get(number, ()))
        rows.append(row)
    expected = _expect(table, faults, rows)
    rows = _repeat_some(rng, rows, faults["duplicates"])
    rows.append(["合计", *[""] * 20, f"{sum(float(row[21] or 0) for row in rows):.2f}", *[""] * 6])
    return rows, expected


def _repeat_some(rng, rows, numbers):
    """Return the rows, those of the numbers a second time somewhere after themselves."""
    repeated = {}
    for number in numbers:
        repeated.setdefault(rng.randrange(number + 1, len(rows) + 1), []).append(list(rows[number]))
    whole = []
    for index in range(len(rows) + 1):
        whole += repeated.get(index, ())
        whole += rows[index : index + 1]
    return whole


def _spread_faults(rng, table):
    """Choose which row has which fault; a row has one at most, so that each can be counted."""
    count = len(table)
    single = [number for number, visit in enumerate(table) if visit["car"]["owner"]["cars"] == 1]
    named = {visit["comeback"] for visit in table if "comeback" in visit}
    rng.shuffle(single)
    faults = {}
    free = [number for number in single if table[number]["number"] not in named]
    for name, share in (("bad_vin", 0.02), ("no_phone", 0.03), ("wide_plate", 0.04), ("no_vin", 0.02)):
        for _ in range(max(1, int(count * share)) if count else 0):
            if free:
                faults[free.pop()] = (name,)
    # Cars that come twice keep their VIN and their phone, so that the cars and customers of a file can be counted
    seen = {}
    for number, visit in enumerate(table):
        seen.setdefault(id(visit["car"]), []).append(number)
    for number in list(faults):
        if faults[number][0] in ("no_vin", "no_phone") and len(seen[id(table[number]["car"])]) > 1:
            del faults[number]
    good = [number for number in range(count) if faults.get(number, ("",))[0] != "bad_vin"]
    faults["duplicates"] = sorted(rng.sample(good, min(len(good), max(1, int(count * 0.02))))) if good else []
    return faults


def _make_row(rng, visit, age, until, advisors, technicians, fault):
    car, job = visit["car"], visit["job"]
    owner = car["owner"]
    out = visit["in"] + visit["stay"]
    delivered = out <= until
    vin, plate, phone = car["vin"], car["plate"], owner["phone"]
    if "bad_vin" in fault:
        vin = _faulty_vin(rng, vin)
    elif "no_vin" in fault:
        vin = ""
    if "wide_plate" in fault:
        plate = (plate[:2] + "·" + plate[2:]).translate(_WIDE)
    elif rng.random() < 0.3:
        plate = plate[:2] + rng.choice(("·", "-", " ")) + plate[2:]
    if "no_phone" in fault:
        phone = ""
    elif rng.random() < 0.1:
        phone = f"{phone[:3]} {phone[3:7]} {phone[7:]}"
    form = rng.randrange(3)
    work, parts = rng.randint(*job[3]), rng.randint(*job[4])
    consent = rng.choices(("是", "否", ""), weights=(80, 8, 12))[0]
    return [
        visit["number"],
        _date_text(visit["in"], form),
        _date_text(visit["in"] + datetime.timedelta(hours=4), form),
        _date_text(out, form) if delivered else "",
        plate,
        vin,
        car["engine"],
        car["brand"],
        car["model"],
        owner["name"],
        phone,
        owner["name"] if rng.random() < 0.85 else "",
        str(car["km"] + car["km_month"] * age + visit["in"].day * 20),
        rng.choice(advisors),
        "、".join(rng.sample(technicians, rng.choice((1, 1, 2)))),
        job[0],
        job[5],
        job[1],
        f"{work}.00" if work else "",
        job[2],
        f"{parts}.00" if parts else "",
        f"{work + parts}.00",
        f"JS{visit['number'][2:]}" if delivered else "",
        visit.get("comeback", ""),
        rng.choice(_ADVICE) if rng.random() < 0.15 else "",
        consent if delivered else "",
        rng.choice(("上午", "下午", "晚上", "")) if consent == "是" and delivered else "",
        rng.choice(("", "", "", "客户赶时间", "老客户")),
    ]


def _expect(table, faults, rows):
    """Count what an import into an empty store must give, row by row and not by the importer's logic."""
    kind = {number: faults[number][0] for number in faults if number != "duplicates"}
    good = [number for number in range(len(table)) if kind.get(number) != "bad_vin"]
    good_numbers = {table[number]["number"] for number in good}
    count = {name: sum(1 for value in kind.values() if value == name) for name in ("bad_vin", "no_phone", "wide_plate")}
    return {
        "rows": len(table) + len(faults["duplicates"]),
        "orders": len(good),
        "refused": len(table) - len(good),
        "duplicates": len(faults["duplicates"]),
        "vehicles": len({id(table[number]["car"]) for number in good}),
        "customers": len({id(table[number]["car"]["owner"]) for number in good}),
        "bad_vins": count["bad_vin"],
        "missing_phones": count["no_phone"],
        "wide_plates": count["wide_plate"],
        "delivered": sum(1 for number in good if rows[number][3]),
        "comebacks": sum(1 for number in good if table[number].get("comeback") in good_numbers),
        "consent_yes": sum(1 for number in good if rows[number][25] == "是"),
        "consent_no": sum(1 for number in good if rows[number][25] == "否"),
        "amount_total": round(sum(float(rows[number][21]) for number in good), 2),
        "order_numbers": sorted(good_numbers),
    }


def write_month(path, month, seed, orders=300, fmt="csv", encoding="gb18030", **options):
    """Write the export file of a month.

    :param fmt: "csv" or "xlsx"
    :return: dict of the counts that an import into an empty store must give
    """
    rows, expected = make_month(month, seed, orders, **options)
    path = Path(path)
    if fmt == "csv":
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADERS)
            writer.writerows(rows)
    elif fmt == "xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("维修委托书")
        sheet.append([f"维修委托书明细 {month:%Y-%m}"])
        sheet.append(HEADERS)
        for row in rows:
            sheet.append([_sheet_value(index, value) for index, value in enumerate(row)])
        book.save(path)
    else:
        raise ValueError(f"unknown form of export: {fmt}")
    return expected


def _sheet_value(index, value):
    """Give a sheet what such sheets hold: real dates for one of the three forms, numbers for kilometres and amounts."""
    if index in (1, 2, 3) and "/" in value:
        return datetime.datetime.strptime(value, "%Y/%m/%d %H:%M")
    if index in (12, 18, 20, 21) and value:
        return float(value)
    return value or None
