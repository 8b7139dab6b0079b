# The DMS import against core's own `load()` doing the same upserts, its cost per row in a large file against a small one,
# and the memory of its worker. Run by `python3 -m harness bench import` in Odoo's shell (`env`, `SIZE`): SIZE is the
# number of rows of the large file. Times are of the processors (Odoo's process and its database connection), so that
# what else runs on the machine does not count.
import base64
import csv
import datetime
import io
import json
import os
import sys
import tempfile
import time

sys.path.insert(0, os.getcwd())
from odoo import api, sql_db

from odoo.addons.aftersales_crm.tools import dms_values

from harness.dms_export import HEADERS, make_month

LARGE = SIZE or 1_000_000  # noqa: F821
SMALL = 10_000
SMALL_TIMES = 3
MONTHS = 10
COMPARED = 3000
TICKS = os.sysconf("SC_CLK_TCK")
env = env(user=2)  # noqa: F821
env.user.group_ids |= env.ref("aftersales_crm.group_aftersales_admin")
env.user.tz = "Asia/Shanghai"


def make_store(name):
    company = env["res.company"].create({"name": f"{name} {time.time()}", "country_id": env.ref("base.cn").id})
    company.resource_calendar_id.tz = "Asia/Shanghai"
    company.aftersales_import_max_rows = 5_000_000
    env.user.company_ids |= company
    return company


def backend_seconds(cr):
    """Seconds of the processor that the connection's own server process has used."""
    cr.execute("SELECT pg_backend_pid()")
    try:
        with open(f"/proc/{cr.fetchone()[0]}/stat") as file:
            words = file.read().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(words[11]) + int(words[12])) / TICKS


class Watch:
    def __init__(self, cr):
        self.cr = cr
        self.begun = (time.process_time(), backend_seconds(cr), time.perf_counter())

    def seconds(self):
        """Seconds of the processors in all, those of the database among them, and seconds on the clock."""
        database = backend_seconds(self.cr) - self.begun[1]
        return time.process_time() - self.begun[0] + database, database, time.perf_counter() - self.begun[2]


# ------------------------------------------------------------
# AGAINST load()
# ------------------------------------------------------------


def exports(count):
    """Return the rows of two exports of a month: of the 20th, with cars that are still in repair, and of the whole."""
    whole = make_month(datetime.date(2026, 3, 1), 17, orders=count, until=datetime.datetime(2026, 6, 1))[0][:-1]
    until = datetime.datetime(2026, 3, 20)
    early = []
    for row in whole:
        if dms_values.parse_datetime(row[1]) > until:
            continue
        if dms_values.parse_datetime(row[3]) > until:
            row = [*row[:3], "", *row[4:22], "", *row[23:25], "", "", row[27]]
        early.append(row)
    return early, whole


def import_seconds(count):
    """Import the export of the 20th, then that of the whole month: (seconds, rows, wall)."""
    company = make_store("Import")
    mine = env(context={"allowed_company_ids": company.ids})
    total = rows_total = wall = 0
    for rows in exports(count):
        out = io.StringIO(newline="")
        csv.writer(out).writerows([HEADERS, *rows])
        imp = mine["aftersales.import"].create(
            {"file": base64.b64encode(out.getvalue().encode()), "file_name": "x.csv", "company_id": company.id}
        )
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_apply()
        env.flush_all()
        watch = Watch(env.cr)
        imp._work()
        env.flush_all()
        used, _database, seconds = watch.seconds()
        total, wall, rows_total = total + used, wall + seconds, rows_total + len(rows)
        assert imp.state == "applied"
    return total, rows_total, wall


def load_seconds(count):
    """The same upserts by `load()`, as Odoo's own import screen calls it: (seconds, rows, wall)."""
    company = make_store("Load")
    mine = env(
        context={"allowed_company_ids": company.ids, "import_file": True, "tracking_disable": True, "lang": "en_US"}
    )
    total = rows_total = wall = 0
    for table in exports(count):
        rows = [dict(zip(HEADERS, row, strict=True)) for row in table]
        rows_total += len(rows)
        partners, vehicles, orders = {}, {}, {}
        for row in rows:
            vin, plate = row["车架号(VIN)"].strip(), dms_values.half_width(row["车牌号"])
            plate = plate.replace("·", "").replace("-", "").replace(" ", "")
            if len(vin) != 17 or set("IOQ") & set(vin):
                continue
            phone = row["手机"].replace(" ", "")
            person = f"b.p{company.id}_{phone or plate}"
            partners[person] = [person, row["车主"], phone, str(company.id)]
            car = f"b.v{company.id}_{vin}"
            vehicles[car] = [car, plate, vin, row["发动机号"], row["车型"], person, person, str(company.id)]
            order = f"b.o{company.id}_{row['工单号']}"
            known = order in loaded
            loaded.add(order)
            values = [
                *(
                    order,
                    row["工单号"],
                    car,
                    person,
                    utc(row["进厂时间"]),
                    utc(row["预计交车时间"]),
                    utc(row["出厂时间"]),
                ),
                *(dms_values.parse_word("kind", row["维修类型"]), row["行驶里程"], row["服务顾问"], row["维修技师"]),
                *(row["客户描述"], row["结算单号"], row["未执行的建议项目"], str(company.id)),
                dms_values.parse_word("callback_consent", row["是否接受回访"] or "未询问"),
                dms_values.parse_word("callback_time", row["回访时间"] or "任意"),
                row["合计"],
            ]
            lines = [
                ["work", row["维修项目"], row["工时费"] or "0"],
                ["part", row["配件"] or "配件", row["材料费"] or "0"],
            ]
            # The lines of an order that is there stay: load() would add them again
            orders[order] = [[*values, *([""] * 3 if known else lines[0])]]
            if not known:
                orders[order].append([""] * len(values) + lines[1])
        watch = Watch(env.cr)
        for model, names, data in (
            ("res.partner", ["id", "name", "phone", "company_id/.id"], list(partners.values())),
            (
                "aftersales.vehicle",
                [
                    *("id", "license_plate", "vin", "engine_number", "model_id", "partner_id/id", "brought_by_id/id"),
                    "company_id/.id",
                ],
                list(vehicles.values()),
            ),
            (
                "aftersales.repair.order",
                [
                    *("id", "name", "vehicle_id/id", "partner_id/id", "date_in", "date_promised", "date_out", "kind"),
                    *("odometer", "advisor_name", "technician_names", "customer_words", "settlement_number"),
                    *("declined_advice", "company_id/.id", "callback_consent", "callback_time", "amount_total"),
                    *("line_ids/line_type", "line_ids/name", "line_ids/price_unit"),
                ],
                [line for lines in orders.values() for line in lines],
            ),
        ):
            result = mine[model].load(names, data)
            assert result["ids"], result["messages"][:3]
        env.flush_all()
        used, _database, seconds = watch.seconds()
        total, wall = total + used, wall + seconds
    return total, rows_total, wall


def utc(text):
    moment = dms_values.parse_datetime(text) if text else None
    return str(moment - datetime.timedelta(hours=8)) if moment else ""


loaded = set()
for brand, model in {(row[7], row[8]) for row in exports(200)[1]}:
    maker = env["fleet.vehicle.model.brand"].search([("name", "=", brand)]) or env["fleet.vehicle.model.brand"].create(
        {"name": brand}
    )
    env["fleet.vehicle.model"].create({"name": model, "brand_id": maker.id})
import_seconds(100)
load_seconds(50)
loaded.clear()
# Some before and some after: the machine may be faster at one time than at another
imports = [import_seconds(COMPARED) for _time in range(2)]
core, core_rows, core_wall = load_seconds(COMPARED)
imports += [import_seconds(COMPARED) for _time in range(2)]
ours, our_rows, our_wall = (sum(numbers) for numbers in zip(*imports, strict=True))
ratio = (our_rows / ours) / (core_rows / core)
env.cr.rollback()


# ------------------------------------------------------------
# A LARGE FILE
# ------------------------------------------------------------


def write_history(path, rows):
    """Write a history of months: each car comes several times."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        for month in range(MONTHS):
            first = datetime.date(2025 + month // 12, month % 12 + 1, 1)
            writer.writerows(make_month(first, 23, orders=rows // MONTHS, until=datetime.datetime(2026, 6, 1))[0][:-1])


def work_alone(path, name):
    """Import a file in a worker of its own, batch by batch.

    :return: (rows, seconds, those of the database among them, wall, peak megabytes, megabytes before)
    """
    company = make_store(name)
    mine = env(context={"allowed_company_ids": company.ids})
    imp = mine["aftersales.import"].create({"file_name": "history.csv", "company_id": company.id})
    with open(path, "rb") as file:
        imp._write_protected({"origin": "folder"})
        imp._store_file("file", "history.csv", file)
    imp.action_read_file()
    imp.with_context(import_in_background=True).action_apply()
    number = imp.id
    env.cr.commit()
    env.invalidate_all()
    out, into = os.pipe()
    worker = os.fork()
    if not worker:
        try:
            dbname = env.cr.dbname
            sql_db._Pool = sql_db._Pool_readonly = None
            env.registry._db = sql_db.db_connect(dbname)
            env.registry._db_readonly = None
            with env.registry.cursor() as cr:
                mine = api.Environment(cr, 2, {"allowed_company_ids": company.ids})["aftersales.import"].browse(number)
                before = peak()
                watch = Watch(cr)
                assert mine._work(commit=True)
                used, database, seconds = watch.seconds()
                os.write(into, json.dumps([mine.rows_done, used, database, seconds, peak(), before]).encode())
        finally:
            os._exit(0)
    os.close(into)
    answer = os.read(out, 65536)
    os.waitpid(worker, 0)
    return json.loads(answer)


def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def import_history(folder, name, size):
    path = f"{folder}/{name}.csv"
    write_history(path, size)
    result = work_alone(path, name)
    os.unlink(path)
    return result


with tempfile.TemporaryDirectory() as folder:
    import_history(folder, "warm", 2000)
    # Several small ones: one takes only seconds
    smalls = [import_history(folder, f"small {number}", SMALL) for number in range(SMALL_TIMES)]
    large_rows, large_used, large_database, large_wall, large_peak, before = import_history(folder, "large", LARGE)
small_rows, small_used, small_database, small_wall = (sum(numbers) for numbers in list(zip(*smalls, strict=True))[:4])
small_peak = max(small[4] for small in smalls)
growth = (large_used / large_rows) / (small_used / small_rows)
problems = []
if growth > 1.2:
    problems.append(f"a row of {large_rows} rows costs {growth:.2f} times one of {small_rows // SMALL_TIMES} (bar 1.2)")
if large_peak >= 400:
    problems.append(f"the worker took {large_peak:.0f} MB (bar 400)")
rows = [
    ["import, the month as of the 20th and then whole", f"{our_rows / ours:,.0f} rows/s of processor ({our_rows} rows, {our_wall:.1f} s)"],
    ["core's load(), the same files", f"{core_rows / core:,.0f} rows/s of processor ({core_rows} rows, {core_wall:.1f} s)"],
    [f"{small_rows // SMALL_TIMES:,} rows, {SMALL_TIMES} times", f"{1e6 * small_used / small_rows:,.0f} µs a row, of them in the database {1e6 * small_database / small_rows:,.0f}; {small_wall:,.0f} s, peak {small_peak:.0f} MB"],
    [f"{large_rows:,} rows", f"{1e6 * large_used / large_rows:,.0f} µs a row, of them in the database {1e6 * large_database / large_rows:,.0f}; {large_wall:,.0f} s, peak {large_peak:.0f} MB (before the first row {before:.0f})"],
    ["cost of a row, large to small", f"{growth:.2f} (bar 1.2)"],
    ["memory of the worker", f"{large_peak:.0f} MB (bar 400)"],
]  # fmt: skip
print("BENCH-RESULT " + json.dumps({"rows": rows, "figure": round(ratio, 1), "bar": 15, "problems": problems}))
