"""Random files through the fast way and through the models' own: the same rows accepted and refused, every value equal."""

from __future__ import annotations

import base64
import csv
import datetime
import io
import json
import os
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from harness import odoo_shell

ROWS = 350
WORKER = """
import base64, json, logging
from odoo.addons.aftersales_crm.tests.both_ways import import_in_ways
logging.disable(logging.ERROR)
env = env(user=2)
env.user.group_ids |= env.ref('aftersales_crm.group_aftersales_admin')
env.user.tz = 'Asia/Shanghai'
env['fleet.vehicle.model.brand'].create([{'name': '大众'}, {'name': '奥迪'}])
env.flush_all()
print('READY', flush=True)
for line in open(REQUESTS):
    savepoint = env.cr.savepoint()
    files = [base64.b64decode(content) for content in json.loads(line)]
    ways = ('models', 'sets')
    try:
        answer = import_in_ways(env, files, ways)
        counts = env['aftersales.import'].search([], limit=len(files), order='id desc')
        said = [[imp.count_create, imp.count_update, imp.count_unchanged, imp.count_refused] for imp in counts]
    except Exception as error:
        answer, said = ['broke: %r' % error], []
    savepoint.close(rollback=True)
    env.invalidate_all(flush=False)
    print(json.dumps([answer, said]), flush=True)
"""
VALUES = {**{str(i): i for i in range(10)}, **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (
    1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))}  # fmt: skip
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def make_vin(number: int) -> str:
    vin = f"LSVAB41E0E3{number:06d}"
    rest = sum(VALUES[char] * weight for char, weight in zip(vin, WEIGHTS, strict=True)) % 11
    return vin[:8] + ("X" if rest == 10 else str(rest)) + vin[9:]


def seldom(common, rare, share=12):
    """Mostly the one, now and then the other."""
    return st.integers(0, share).flatmap(lambda n: rare if n == share else common)


PLAIN = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs",), include_characters="'\"\\,;|\t\n\r=+-@ 　·万"), max_size=12
)
DATE = seldom(
    st.datetimes(min_value=datetime.datetime(2026, 1, 1), max_value=datetime.datetime(2026, 3, 20)).map(
        lambda moment: moment.strftime("%Y-%m-%d %H:%M")
    ),
    st.sampled_from(["", "soon", "2026-02-30", "2099-01-01", "20260105 10:00", "46086.5", "2026年3月5日14时30分"]),
)
NUMBER = seldom(
    st.decimals(0, 20000, places=2).map(str),
    st.sampled_from(["", "-5", "1,234.50", "1.2万", "x", "99999999999", "0.005"]),
)
NAME = seldom(
    st.sampled_from(["张三", "李四", "王五", "赵 六", "张三先生", "宏达物流有限公司", "Anna  Li"]), PLAIN, share=20
)
PHONE = seldom(
    st.sampled_from([f"1380013800{n}" for n in range(8)] + ["138 0013 8001", "+8613800138002", "021-62345678"]),
    st.sampled_from(["", "12", "无", "17900138000", "+1 415 555 2671", "11111111111", "abc"]),
)
STAFF = st.sampled_from(["陈静", "周敏", "Administrator", "", "孙师傅、马超", "-"])
COLUMNS = {
    "工单号": seldom(st.integers(0, 700).map(lambda n: f"WX{n:04d}"), PLAIN),
    "进厂时间": DATE,
    "预计交车时间": DATE,
    "出厂时间": seldom(DATE, st.just(""), share=3),
    "车牌号": seldom(
        st.integers(0, 60).map(lambda n: f"沪A{n:05d}"),
        st.sampled_from(["", "沪Ａ·００００３", "沪AD12345", "使014578", "??", "京A0001"]),
    ),
    "车架号": seldom(
        st.integers(0, 60).map(make_vin),
        st.sampled_from(["", "LSVAB41E7E3000001", "LSV", "LSVAB41E7O3000001", "1HGCM82633A004352"]),
        share=6,
    ),
    "发动机号": seldom(st.sampled_from(["EA211-1", "ea 888", "ＤＫＶ１"]), PLAIN),
    "品牌": st.sampled_from(["大众", "大众", "奥迪", ""]),
    "车型": st.sampled_from(["朗逸", "A6L", "ID.4 CROZZ", ""]),
    "车主": NAME,
    "手机": PHONE,
    "地址": PLAIN,
    "送修人": seldom(st.just(""), NAME, share=3),
    "送修人电话": seldom(st.just(""), PHONE, share=3),
    "行驶里程": seldom(
        st.integers(0, 300000).map(str), st.sampled_from(["", "12.7", "-1", "99999999", "45000km", "4.5万"])
    ),
    "服务顾问": STAFF,
    "维修技师": STAFF,
    "维修类型": seldom(st.sampled_from(["保养", "维修", "事故", "索赔", "召回", "检测"]), PLAIN),
    "客户描述": PLAIN,
    "维修项目": seldom(st.sampled_from(["换机油", "小保养", ""]), PLAIN),
    "工时费": NUMBER,
    "配件": seldom(st.sampled_from(["机油", "前刹车片", ""]), PLAIN),
    "材料费": NUMBER,
    "合计": NUMBER,
    "结算单号": PLAIN,
    "返修原单号": seldom(st.just(""), st.integers(0, 700).map(lambda n: f"WX{n:04d}"), share=6),
    "未执行的建议项目": PLAIN,
    "是否接受回访": seldom(st.sampled_from(["是", "否", "", "未询问"]), PLAIN),
    "回访时间": seldom(st.sampled_from(["上午", "下午", "晚上", ""]), PLAIN),
    "回访电话": seldom(st.just(""), PHONE, share=4),
    "生产日期": seldom(st.just(""), st.sampled_from(["2020-01-01", "2025-12-31", "bad"]), share=5),
    "购车日期": seldom(st.just(""), st.sampled_from(["2020-05-05", "2019-01-01", "2026-01-05"]), share=5),
    "年检到期日": seldom(st.just(""), st.sampled_from(["2027-01-31", "2026-12-01"]), share=5),
}
# What the cells of a column may be, drawn by hypothesis; a row takes one of each
POOLS = st.fixed_dictionaries({name: st.lists(values, min_size=3, max_size=9) for name, values in COLUMNS.items()})
# Columns whose cells must be many and must meet again: orders, and mostly the same car for the same order
KEYS = {
    "工单号": lambda number, _dice: f"WX{number:04d}",
    "车牌号": lambda number, _dice: f"沪A{number % 60:05d}",
    "车架号": lambda number, _dice: make_vin(number % 60),
    "进厂时间": lambda _number, dice: f"2026-01-{dice.randrange(1, 29):02d} {dice.randrange(8, 18):02d}:30",
    "出厂时间": lambda _number, dice: dice.choice(("", f"2026-02-{dice.randrange(1, 29):02d} 17:00")),
}


def make_rows(pools, dice):
    """Return rows whose cells are of the pools."""
    rows = []
    for _row in range(ROWS):
        number = dice.randrange(700)
        rows.append(
            [
                KEYS[name](number, dice) if name in KEYS and dice.random() < 0.93 else dice.choice(pools[name])
                for name in COLUMNS
            ]
        )
    return rows


def write_file(rows) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(COLUMNS), *rows])
    return out.getvalue().encode("utf-8")


@pytest.fixture(scope="module")
def compare(odoo_env, make_database, tmp_path_factory):
    """``compare([file, file])``: (differences, counts) of the ways, in one process that stays."""
    name = make_database()
    pipe = tmp_path_factory.mktemp("both_ways") / "requests"
    os.mkfifo(pipe)
    process = odoo_shell.start(odoo_env, name, f"REQUESTS = {str(pipe)!r}\n{WORKER}", log_level="critical")
    assert process.stdout.readline().strip() == "READY"
    with pipe.open("w") as requests:

        def ask(files):
            requests.write(json.dumps([base64.b64encode(file).decode() for file in files]) + "\n")
            requests.flush()
            return json.loads(process.stdout.readline())

        yield ask
    process.wait(60)


def test_fast_way_is_the_models_way(compare):
    """Thousands of random rows, a second file on top of the first: both ways accept, refuse and store the same."""
    totals = [0, 0, 0, 0]

    @settings(
        max_examples=int(os.environ.get("IMPORT_EXAMPLES", "3")),
        deadline=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(POOLS, min_size=2, max_size=2), st.integers(0, 2**32))
    def both_ways(pools, seed):
        dice = random.Random(seed)
        files = [write_file(make_rows(pool, dice)) for pool in pools]
        differences, counts = compare(files)
        assert not differences, "\n".join(differences)
        for count in counts:
            totals[:] = [total + number for total, number in zip(totals, count, strict=True)]

    both_ways()
    create, update, _unchanged, refused = totals
    assert create > 300 and update > 20 and refused > 50, totals
