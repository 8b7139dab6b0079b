"""Making values out of the texts of dealer management systems: headers, dates, numbers, phones, words."""

import datetime
import functools
import re
import unicodedata

# Target of a column -> headers that name it, in the forms that exports use
HEADERS = {
    "order_name": (
        "订单号 | 工单号 | 委托书号 | 维修委托书号 | 维修单号 | 派工单号 | 施工单号 | 单号 | "
        "业务单号 | repair order number | order number | order no | repair order | ro number | "
        "ro no | ro | work order | job number"
    ),
    "date_in": (
        "进厂时间 | 进厂日期 | 来厂时间 | 来厂日期 | 开单时间 | 开单日期 | 接车时间 | 接车日期 | "
        "送修日期 | 送修时间 | 维修日期 | date in | time in | in | check in | received | "
        "order date | opened | arrival"
    ),
    "date_promised": (
        "预计交车时间 | 预计交车日期 | 约定交车时间 | 承诺交车时间 | 预计完工时间 | 预交车时间 | "
        "promised | promised time | date promised | due out | expected delivery"
    ),
    "date_out": (
        "出厂时间 | 出厂日期 | 交车时间 | 交车日期 | 结算时间 | 结算日期 | 完工时间 | 离厂时间 | "
        "date out | time out | out | delivered | delivery time | delivered on | closed | "
        "handed over"
    ),
    "odometer": (
        "行驶里程 | 里程 | 里程数 | 公里数 | 进厂里程 | 行驶里程(km) | odometer | mileage | km | "
        "odometer (km) | odometer km"
    ),
    "advisor": (
        "服务顾问 | 业务接待 | 接待员 | 接车员 | sa | 维修顾问 | service advisor | advisor | "
        "service consultant | writer"
    ),
    "technicians": (
        "维修技师 | 技师 | 主修人 | 维修工 | 维修班组 | 主修技师 | technician | technicians | mechanic | mechanics"
    ),
    "kind": (
        "维修类型 | 维修类别 | 业务类型 | 业务类别 | 工单类型 | 服务类型 | 修理类别 | kind | "
        "order type | type | service type | repair type | order kind"
    ),
    "customer_words": (
        "客户描述 | 故障描述 | 顾客描述 | 客户陈述 | 报修内容 | 故障现象 | 客户需求 | "
        "customer words | complaint | customer request | symptom | description | customer's words"
    ),
    "works": (
        "维修项目 | 工时项目 | 作业项目 | 维修内容 | 保养项目 | work | works | labour | labor | "
        "work done | jobs | operations"
    ),
    "parts": "配件 | 备件 | 材料 | 维修材料 | 配件明细 | 备件明细 | parts | materials | parts used",
    "amount_work": ("工时费 | 工时金额 | 人工费 | labour amount | labor amount | work amount | labour cost | labor"),
    "amount_part": (
        "材料费 | 配件费 | 备件费 | 配件金额 | 备件金额 | 材料金额 | parts amount | material amount | parts cost"
    ),
    "amount_total": (
        "合计 | 总金额 | 金额 | 费用合计 | 结算金额 | 应收金额 | 实收金额 | 总费用 | total | "
        "amount | total amount | grand total | invoice total"
    ),
    "settlement_number": (
        "结算单号 | 结算单 | 发票号 | settlement | settlement number | settlement no | invoice number | invoice no"
    ),
    "comeback_of": "返修原单号 | 原单号 | 返修单号 | 原委托书号 | comeback of | original order | rework of",
    "declined_advice": (
        "未执行的建议项目 | 建议项目 | 未做项目 | 增项建议 | 建议维修项目 | declined | "
        "declined advice | declined work | deferred work"
    ),
    "callback_consent": (
        "是否接受回访 | 接受回访 | 同意回访 | 回访同意 | 是否回访 | callback | callback consent | "
        "accepts callback | follow up allowed"
    ),
    "callback_time": (
        "回访时间 | 方便回访时间 | 期望回访时间 | 回访时段 | callback time | preferred time | best time to call"
    ),
    "callback_phone": "回访电话 | callback phone | phone to use | follow up phone",
    "vin": (
        "车架号 | vin | vin码 | 车架号(vin) | 底盘号 | 车辆识别代号 | 车辆识别码 | vin number | "
        "vin code | chassis | chassis number | vehicle identification number"
    ),
    "license_plate": (
        "车牌号 | 车牌 | 车牌号码 | 牌照号 | 牌照 | 车号 | plate | license plate | licence plate | "
        "registration | plate number | reg no | plate no"
    ),
    "engine_number": "发动机号 | 发动机号码 | engine number | engine no | engine",
    "brand": "品牌 | 厂牌 | 车辆品牌 | brand | make",
    "model": "车型 | 车系 | 型号 | 车辆型号 | 车型名称 | model | vehicle model | car model",
    "manufacture_date": (
        "出厂年月 | 生产日期 | 制造日期 | manufactured | manufacture date | build date | production date"
    ),
    "delivery_date": (
        "购车日期 | 销售日期 | 新车交付日期 | 购买日期 | 车辆交付日期 | sold on | purchase date | "
        "sales date | new car delivery"
    ),
    "warranty_end_date": (
        "保修到期日 | 质保到期日 | 质保到期 | 保修截止日期 | warranty end | warranty until | warranty expiry"
    ),
    "inspection_due_date": "年检到期日 | 年检日期 | 年审到期 | 年检到期 | inspection due | annual inspection",
    "sales_reference": "销售记录号 | 销售单号 | 销售合同号 | sales reference | sales record | sales order",
    "partner_name": (
        "车主 | 车主姓名 | 客户 | 客户名称 | 客户姓名 | 姓名 | 车主名称 | owner | customer | "
        "customer name | owner name | name | client"
    ),
    "partner_phone": (
        "电话 | 手机 | 联系电话 | 车主电话 | 手机号 | 手机号码 | 客户电话 | 移动电话 | 联系方式 | "
        "phone | mobile | telephone | customer phone | owner phone | tel | cell"
    ),
    "partner_street": "地址 | 联系地址 | 客户地址 | 车主地址 | 通讯地址 | address | street | customer address",
    "brought_by_name": "送修人 | 送修人姓名 | brought by | dropped off by | bringer",
    "brought_by_phone": "送修人电话 | 送修人手机 | brought by phone | bringer phone",
    "reason": "拒绝原因 | 被拒原因 | 拒收原因 | 退回原因 | 原因 | reason | refused because",
}

# Kind of word -> value -> words that mean it
WORDS = {
    "kind": {
        "maintenance": (
            "保养 | 常规保养 | 定期保养 | 首保 | 例行保养 | maintenance | service | regular service | oil service"
        ),
        "repair": ("维修 | 一般维修 | 修理 | 机电维修 | 普通维修 | 小修 | 大修 | repair | general repair | mechanical"),
        "accident": (
            "事故 | 事故车 | 事故维修 | 钣喷 | 钣金喷漆 | 保险 | 保险维修 | accident | body | "
            "body and paint | insurance | collision"
        ),
        "warranty": "保修 | 索赔 | 质保 | 三包 | 三包索赔 | warranty | claim | warranty claim",
        "recall": "召回 | 召回活动 | recall | campaign | recall campaign",
        "inspection": "检查 | 检测 | 年检 | 免费检测 | pdi | inspection | check | check-up | diagnosis",
        "other": "其他 | 其它 | 精品 | 装潢 | 洗车 | 美容 | other | misc | accessories | wash",
    },
    "callback_consent": {
        "yes": "是 | 接受 | 同意 | 愿意 | 可以 | y | yes | 1 | true | accepts | ok",
        "no": ("否 | 不接受 | 不同意 | 拒绝 | 不愿意 | 不可以 | 不需要 | n | no | 0 | false | declines | refused"),
        "not_asked": "未询问 | 未问 | 未知 | not asked | not_asked | unknown",
    },
    "callback_time": {
        "any": "任意 | 均可 | 都可以 | 随时 | 不限 | any | any time | anytime",
        "morning": "上午 | 早上 | morning | am",
        "afternoon": "下午 | 中午 | afternoon | pm",
        "evening": "晚上 | 傍晚 | evening | night",
    },
}

FOOTERS = {"合计", "总计", "小计", "本页合计", "total", "grandtotal", "sum"}
_EMPTY = {"", "-", "--", "—", "/", "无", "n/a", "na", "null", "none", "未填", "#n/a"}
# No longer text, without blanks around it, says nothing
EMPTY_LENGTH = max(map(len, _EMPTY))


def half_width(text):
    """Turn full-width letters, digits and signs into their half-width forms."""
    # Most cells are plain, and a look at their characters takes a tenth of the time
    return text if text and text.isascii() else unicodedata.normalize("NFKC", text or "")


def fold(text):
    """Bring a header or a word into the form in which two of them are compared."""
    return _fold_word(text) if len(text) <= _WORD_LENGTH else _fold(text)


def _fold(text):
    return re.sub(r"[\s_:：*＊()（）\[\]【】.、,，/\\-]+", "", half_width(text)).casefold()


# A file has few words, in each of its rows; nobody keeps whole stories in memory
_WORD_LENGTH = 40
_fold_word = functools.lru_cache(maxsize=1024)(_fold)

_HEADER_INDEX = {fold(name): target for target, text in HEADERS.items() for name in text.split(" | ")}
_WORD_INDEX = {
    kind: {fold(word): value for value, text in words.items() for word in text.split(" | ")}
    for kind, words in WORDS.items()
}


def guess_target(header):
    """Return the target that a header names, or None."""
    return _HEADER_INDEX.get(fold(header))


def is_empty(text):
    return half_width(text).strip().casefold() in _EMPTY


def is_footer(values):
    """Tell whether the row is a line of totals under the table."""
    return fold(next(filter(None, values), "")) in FOOTERS


def parse_word(kind, text, extra=None):
    """Return the value behind a word, or None when nobody knows the word."""
    key = fold(text)
    return (extra or {}).get(key) or _WORD_INDEX[kind].get(key)


_DATE = re.compile(
    r"^(?P<a>\d{1,4})\s*[-/.年]\s*(?P<b>\d{1,2})\s*[-/.月]\s*(?P<c>\d{1,4})\s*日?"
    r"(?:[T\s]*(?P<h>\d{1,2})\s*[:时点]\s*(?P<m>\d{1,2})\s*(?:分|(?::\s*(?P<s>\d{1,2})(?:\.\d+)?\s*))?)?$"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?", re.ASCII)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:\s*(\d{2}):?(\d{2})(?::?(\d{2}))?)?$")
_SERIAL = re.compile(r"^\d{5}(?:\.\d+)?$")


def parse_datetime(text, order="ymd"):
    """Read a date, with or without time, in the forms that exports use.

    :param order: what comes first when the year does not: "dmy" or "mdy" ("ymd": such dates are not readable)
    :return: naive datetime in the store's time, or None
    """
    text = half_width(text).strip()
    try:
        if _ISO.fullmatch(text):  # as nearly all exports write it, and the shortest way
            return datetime.datetime.fromisoformat(text)
        match = _COMPACT.match(text)
        if match:
            return datetime.datetime(*[int(part or 0) for part in match.groups()])
        if _SERIAL.match(text):
            # Day number of a spreadsheet; 20000 is 1954, 80000 is 2119
            moment = datetime.datetime(1899, 12, 30) + datetime.timedelta(days=float(text))
            return (moment + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
        match = _DATE.match(text)
        if not match:
            return None
        first, second, third = match["a"], match["b"], match["c"]
        if len(first) == 4:
            year, month, day = first, second, third
        elif len(third) == 4 and order in ("dmy", "mdy"):
            year = third
            day, month = (first, second) if order == "dmy" else (second, first)
        else:
            return None
        return datetime.datetime(
            int(year), int(month), int(day), int(match["h"] or 0), int(match["m"] or 0), int(match["s"] or 0)
        )
    except (ValueError, OverflowError):
        return None


_SWAP = str.maketrans(",.", ".,")
_PLAIN_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,10})?", re.ASCII)


def parse_number(text, decimal="point"):
    """Read an amount or a distance: 1,234.50 · ￥1234.5 · 1.2万 · 45000km. None when it is none.

    :param decimal: "comma" for sources that write 1.234,50
    """
    text = half_width(text).strip()
    if decimal == "point" and _PLAIN_NUMBER.fullmatch(text):
        return float(text)
    text = text.casefold().replace(" ", "")
    if decimal == "comma":
        text = text.translate(_SWAP)
    text = re.sub(r"^(?:rmb|cny|[¥$€])|(?:元|km|公里|千米|rmb|cny)$", "", text)
    factor = 1
    if text.endswith("万"):
        text, factor = text[:-1], 10000
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        text = text.replace(",", "")
    if not re.fullmatch(r"-?\d{1,12}(?:\.\d{1,10})?", text):
        return None
    return float(text) * factor


def normalize_phone(text):
    """Return the digits of a phone, without the country's prefix for China; None when there are too few."""
    text = half_width(text).strip()
    international = text.startswith(("+", "00"))
    digits = re.sub(r"[^\d]", "", text)
    if re.search(r"[^\d\s+()./\-–—转extEXT#*]", text):
        return None
    digits = re.sub(r"^(?:0086|86)(?=1\d{10}$)", "", digits)
    if international and not digits.startswith("1"):
        digits = "+" + re.sub(r"^00", "", digits)
    return digits if 7 <= len(digits.lstrip("+")) <= 15 else None


def normalize_name(text):
    return re.sub(r"\s+", " ", half_width(text)).strip()


def split_names(text):
    """Split a cell with several names: 张三、李四 / Zhang San, Li Si."""
    return [name for name in re.split(r"\s*[,，、;；/|+&]\s*", text.strip()) if name]
