import gc
import io
import random
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.sql_db import Cursor
from odoo.tests import tagged

from ..importer.planner import ImportPlanner
from ..models import aftersales_import_batch_mixin as run
from ..models.aftersales_repair_order_bulk import WRITE_COVERED
from ..tools import bulk
from ..tools.dms_row import Row
from .both_ways import import_in_ways
from .common_order import HEADERS, VIN_1, VIN_2, AftersalesOrderCommon


@tagged("post_install", "-at_install")
class TestImportWork(AftersalesOrderCommon):
    """Long files in the background: in batches, with progress, stopped and gone on with; both ways of writing the same."""

    def _rows(self, count, start=0):
        return [
            self._row(
                order=f"L{number:04}", plate=f"沪L{number:05}", vin="", name=f"客户{number}", phone=f"139{number:08}"
            )
            for number in range(start, start + count)
        ]

    def _start(self, rows, user=None):
        imp = self._create_import(self._csv(rows), user or self.admin)
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_apply()
        return imp

    def test_batches_stop_and_go_on(self):
        """What is done is written and counted, a stop keeps it, and the rest follows behind it."""
        with patch.object(run, "BATCH", 10):
            imp = self._start(self._rows(35))
            self.assertEqual((imp.state, imp.rows_done), ("working", 0))
            self.assertIn("Waits", imp.progress_text)
            with self.assertRaises(UserError):
                imp.action_apply()
            self.assertFalse(imp._work(deadline=0))
            self.assertEqual((imp.state, imp.rows_done, imp.row_count), ("working", 10, 35))
            self.assertRegex(imp.progress_text, "10 of 35 rows")
            imp.action_stop()
            self.assertIn("Stopping", imp.progress_text)
            self.assertTrue(imp._work())
            self.assertRecordValues(
                imp, [{"state": "stopped", "rows_done": 10, "count_create": 10, "order_created": 10}]
            )
            imp.action_resume()
            self.assertTrue(imp._work())
        self.assertRecordValues(imp, [{"state": "applied", "rows_done": 35, "count_create": 35, "order_created": 35}])
        self.assertEqual(self.env["aftersales.repair.order"].search_count([("name", "=like", "L0%")]), 35)

    def test_memory_of_a_batch_is_free(self):
        """No row waits for the garbage collector: a file of a million rows takes the memory of one batch."""
        alive, work = [], ImportPlanner.run

        def run_and_count(planner, rows):
            lines = work(planner, rows)
            alive.append(sum(isinstance(item, Row) for item in gc.get_objects()))
            return lines

        rows = self._rows(30)
        # Refused by the file, refused by what it says, said twice, a person to decide, a car of the row before
        rows[3] = self._row(order="L9001", vin="BAD")
        rows[4] = self._row(order="L9002", date_out="2026-01-01 10:00")
        rows[5] = list(rows[6])
        rows[7] = self._row(order="L9003", plate="沪L90003", vin="", name="另一个", phone="13900000008")
        rows[9] = self._row(order="L9004", plate="沪L00008", vin="", name="客户8", phone="13900000008")
        imp = self._start(rows)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        with patch.object(run, "BATCH", 10), patch.object(ImportPlanner, "run", run_and_count):
            self.assertTrue(imp._work())
        self.assertEqual((imp.state, imp.count_refused), ("applied", 2))
        self.assertEqual(alive, [0, 0, 0])

    def test_scheduled_action(self):
        """The scheduled action takes what waits, and looks again until it is done."""
        imp = self._start(self._rows(12))
        with self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_import").method_direct_trigger()
        self.assertEqual((imp.state, imp.count_create), ("applied", 12))

    def test_long_check(self):
        """A long check runs in the background as well, keeps its rows and writes nothing else."""
        imp = self._create_import(self._csv(self._rows(12)), self.admin)
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_dry_run()
        self.assertEqual(imp.state, "working")
        self.assertTrue(imp._work())
        self.assertRecordValues(imp, [{"state": "checked", "count_create": 12, "vehicle_created": 12}])
        self.assertEqual(len(imp.line_ids), 12)
        self.assertFalse(imp.line_ids.order_id or imp.line_ids.vehicle_id)
        self.assertFalse(self.env["aftersales.repair.order"].search([("name", "=like", "L0%")]))

    def test_repeated_order_in_a_later_batch(self):
        """What an earlier batch said of an order is known to the later ones; a refused row has said nothing."""
        rows = [*self._rows(3), self._row(order="L0009", date_in="soon"), *self._rows(1)]
        rows.append([*self._rows(1)[0][:-2], "1.00", ""])
        rows.append(self._row(order="L0009"))
        with patch.object(run, "BATCH", 2):
            imp = self._apply(rows)
        self.assertEqual(
            imp.line_ids.mapped("result"),
            ["create", "create", "create", "refused", "unchanged", "refused", "create"],
        )

    def test_mapping_is_kept_with_the_import(self):
        """An import goes on with the columns as they were when it began, and keeps them."""
        with patch.object(run, "BATCH", 10):
            imp = self._start(self._rows(20))
            imp._work(deadline=0)
            imp.mapping_id.column_ids.filtered(lambda column: column.target == "amount_total").target = False
            imp._work()
        self.assertEqual(
            set(self.env["aftersales.repair.order"].search([("name", "=like", "L0%")]).mapped("amount_total")), {880}
        )
        self.assertIn("合计 → Order: Total", imp.mapping_text)

    def test_sheet_is_read_once(self):
        """The rows of a sheet are kept as a table, so that the work can go on in the middle."""
        from openpyxl import Workbook

        book = Workbook()
        for row in [HEADERS, *self._rows(15)]:
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        imp = self._create_import(out.getvalue(), self.admin, file_name="x.xlsx")
        imp.action_read_file()
        self.assertTrue(imp.table_file)
        with patch.object(run, "BATCH", 10):
            imp.with_context(import_in_background=True).action_apply()
            imp._work(deadline=0)
            with patch("odoo.addons.aftersales_crm.tools.dms_sheet.Workbook.rows", side_effect=AssertionError):
                imp._work()
        self.assertEqual((imp.state, imp.count_create), ("applied", 15))

    def test_numbers_with_a_comma(self):
        """A source that writes 1.234,50 says so once."""
        imp = self._create_import(self._csv([self._row(total="1.234,50")]), self.admin)
        imp.action_read_file()
        imp.decimal = "comma"
        imp.action_apply()
        self.assertEqual(self._find_order("WX001").amount_total, 1234.5)

    def test_rights(self):
        """Stopping and going on are the administrator's."""
        imp = self._start(self._rows(2))
        for user in (self.manager, self.officer, self.admin_b):
            for method in ("action_stop", "action_resume", "action_undo", "get_status"):
                with self.assertRaises(AccessError):
                    getattr(self.as_user(imp, user), method)()
        for vals in ({"job": "check"}, {"position": [9, 9, 9]}, {"rows_done": 9}, {"mapping_copy": {}}):
            with self.assertRaises(AccessError):
                imp.write(vals)

    def test_both_ways(self):
        """The sets write what the models' own ``create()`` and ``write()`` would have written."""
        boss = self.env.ref("base.user_admin")
        boss.group_ids |= self.env.ref("aftersales_crm.group_aftersales_admin")
        dice = random.Random(7)
        headers = [*HEADERS, "维修项目", "工时费", "维修技师", "返修原单号", "送修人", "购车日期", "生产日期"]
        files = []
        for _turn in range(2):
            rows = []
            for _row in range(60):
                number = dice.randrange(50)
                rows.append(
                    self._row(
                        order=f"B{number:03}", plate=f"沪B{number % 20:05}", vin=dice.choice(["", VIN_1, VIN_2, "BAD"]),
                        name=dice.choice(["张三", "李四", "王五"]), phone=dice.choice(["", "13800138000", "021-62345678"]),
                        km=str(dice.randrange(10000)), total=dice.choice(["", "12.345", "x", "880"]),
                        date_out=dice.choice(["", "2026-03-02 16:30"]), consent=dice.choice(["是", "否", ""]),
                        works=dice.choice(["", "换机油"]), work=dice.choice(["", "50", "0.005"]),
                        staff=dice.choice(["", "Advisor", "孙师傅、马超"]), back=dice.choice(["", f"B{dice.randrange(50):03}"]),
                        brought=dice.choice(["", "李四"]), sold=dice.choice(["", "2020-01-01"]),
                        made=dice.choice(["", "2019-01-01", "2021-01-01"]),
                    )
                )  # fmt: skip
            files.append(self._csv(rows, headers=headers))
        self.assertEqual(import_in_ways(self.env(user=boss.id, su=False), files), [])

    def test_fast_way_is_open(self):
        """Nobody's ``create()`` or ``write()`` stands in the way: whoever adds one tells `tools/bulk.py` what it does."""
        env = self.env(context={"tracking_disable": True}, su=True)
        for name in (
            *("res.partner", "aftersales.vehicle", "aftersales.vehicle.ownership", "aftersales.vehicle.odometer"),
            *("aftersales.repair.order", "aftersales.repair.order.line"),
        ):
            self.assertTrue(bulk.is_bulk_safe(env[name], set()), name)
        self.assertTrue(bulk.is_write_safe(env["aftersales.repair.order"], WRITE_COVERED))
        self.assertFalse(
            bulk.is_bulk_safe(env["res.partner"], {"parent_id"}), "what no rule knows goes the models' way"
        )
        self.assertFalse(bulk.is_bulk_safe(self.env["res.partner"].with_user(self.admin), {"name"}))

    def test_new_records_are_written_once(self):
        """What a new file, card or order holds goes in with its row: a stored field without a rule would write it again."""
        rows = [
            self._row(order=f"N{number:03}", plate=f"沪N{number:05}", vin="", name=f"新客{number}", phone=f"1390013{number:04}")
            for number in range(60)
        ]  # fmt: skip
        imp = self._create_import(self._csv(rows), self.admin)
        imp.action_read_file()
        self.env.flush_all()
        statements, execute = [], Cursor.execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *args, **kwargs)

        with patch.object(Cursor, "execute", listen):
            imp.action_apply()
        self.assertEqual(imp.count_create, 60)
        written = [
            text
            for text in statements
            for table in (
                "res_partner",
                "aftersales_vehicle",
                "aftersales_repair_order",
                "aftersales_repair_order_line",
            )
            if text.startswith(f'UPDATE "{table}" SET')
        ]
        self.assertFalse(written)
