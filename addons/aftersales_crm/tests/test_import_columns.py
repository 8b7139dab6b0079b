import base64

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_order import HEADERS, VIN_2, AftersalesOrderCommon

PROTECTED_LOG = "odoo.addons.aftersales_crm.models.aftersales_protected_mixin"


@tagged("post_install", "-at_install")
class TestImportColumns(AftersalesOrderCommon):
    """A system that adds, drops or renames a column after an update: the source stays, and nothing goes in unseen."""

    def setUp(self):
        super().setUp()
        # The source as months of work have made it: a word of its own, a column set by hand
        self.headers = [*HEADERS[:-1], "回访吗"]
        first = self._create_import(self._csv([self._row(consent="好的")], headers=self.headers), self.admin)
        first.action_read_file()
        first.column_ids.filtered(lambda column: column.header == "回访吗").target = "callback_consent"
        first.word_ids = [Command.create({"name": "好的", "meaning": "callback_consent.yes"})]
        first.action_apply()
        self.source = first.mapping_id
        self.source.name = "DMS"

    def _read(self, headers, row=None, **values):
        """Drop a file by hand; without a row, one with as many cells as columns."""
        row = row or [f"{header} 1" for header in headers]
        imp = self._create_import(self._csv([row], headers=headers), self.admin, **values)
        imp.action_read_file()
        return imp

    def _post(self, headers, row, action="apply", **options):
        Import = self.env["aftersales.import"].with_user(self.admin).with_context(allowed_company_ids=self.store.ids)
        content = base64.b64encode(self._csv([row], headers=headers)).decode()
        status = Import.post_file("export.csv", content, action=action, **options)
        return Import.browse(status["id"]), status

    def _column(self, header):
        self.source.invalidate_recordset(["column_ids"])
        return self.source.column_ids.filtered(lambda column: column.header == header)

    # ------------------------------------------------------------
    # BY HAND
    # ------------------------------------------------------------

    def test_added_column(self):
        """A file with one more column is read by its source; the column is guessed, and told."""
        row = [*self._row(order="WX2", consent="好的"), "换机油"]
        imp = self._read([*self.headers, "维修项目"], row)
        self.assertEqual(imp.mapping_id, self.source)
        self.assertEqual(imp.new_columns, "维修项目 → Order: Work Done")
        self.assertFalse(imp.lost_columns)
        imp.action_apply()
        order = self._find_order("WX2")
        self.assertEqual(order.callback_consent, "yes", "the words of the source still count")
        self.assertEqual(order.line_ids.mapped("name"), ["换机油"])
        later = self._read([*self.headers, "维修项目"])
        self.assertEqual((later.mapping_id, later.new_columns), (self.source, ""), "known by now")

    def test_dropped_column(self):
        """A file that lacks a column is read by its source; what is missing is told, until it has been imported so."""
        headers = [header for header in self.headers if header != "行驶里程"]
        row = [cell for cell in self._row(order="WX2", consent="好的") if cell != "45000"]
        imp = self._read(headers, row)
        self.assertEqual((imp.mapping_id, imp.new_columns), (self.source, ""))
        self.assertEqual(imp.lost_columns, "行驶里程 (Order: Odometer)")
        imp.action_apply()
        self.assertEqual(imp.count_create, 1)
        self.assertFalse(self._read(headers, row).lost_columns, "a person has imported it without")
        self.assertFalse(self._read(self.headers).lost_columns)

    def test_renamed_column(self):
        """A new name of a known column takes its place; older exports with the old name are still read."""
        headers = ["手机号码" if header == "手机" else header for header in self.headers]
        imp = self._read(headers, self._row(order="WX2", phone="13700137000", name="王五", vin=VIN_2, plate="沪B88888"))
        self.assertEqual(imp.mapping_id, self.source)
        self.assertEqual(imp.new_columns, "手机号码 → Customer: Phone")
        self.assertEqual(imp.lost_columns, "手机 (read from 手机号码 now)")
        imp.action_apply()
        self.assertEqual(self._find_order("WX2").partner_id.phone, "13700137000")
        older = self._read(self.headers, self._row(order="WX0", date_in="2026-03-01 09:00", date_out=""))
        self.assertEqual((older.mapping_id, older.new_columns, older.lost_columns), (self.source, "", ""))
        older.action_apply()
        self.assertEqual(self._find_order("WX0").partner_id, self.owner)
        self.assertEqual(len(self._column("手机") | self._column("手机号码")), 2)

    def test_both_names_in_one_file(self):
        """A file with the old name and the new one asks which of them counts."""
        headers = ["手机号码" if header == "手机" else header for header in self.headers]
        self._read(headers, self._row(order="WX2")).action_apply()
        imp = self._read([*self.headers, "手机号码"], [*self._row(order="WX3"), "13700137000"])
        self.assertEqual(imp.mapping_id, self.source)
        self.assertIn("手机号码 (Customer: Phone)", imp.doubled_columns)
        with self.assertRaisesRegex(UserError, "手机号码"):
            imp.action_apply()
        self._column("手机号码").target = False
        imp.action_apply()
        self.assertEqual(imp.count_create, 1)

    def test_another_list_is_not_mixed_up(self):
        """Lists of customers, of cars, of settlements, or of another length are no list of orders, nor the other way round."""
        others = [
            ["车主", "手机", "地址"],
            ["车架号", "车牌号", "车主", "手机", "品牌", "车型", "购车日期"],
            # The same system, the same order numbers, another report
            ["工单号", "结算日期", "车牌号", "车架号", "车主", "工时费", "材料费", "合计"],
            # All columns of the orders without their number: the cars that were here
            [header for header in self.headers if header != "工单号"],
            # What rows are placed by is gone
            [header for header in self.headers if header != "车架号"],
            # Too much is new
            [*self.headers, "备注甲", "备注乙", "备注丙", "备注丁"],
        ]
        for headers in others:
            imp = self._read(headers)
            self.assertNotEqual(imp.mapping_id, self.source, headers)
            self.assertFalse(imp.new_columns or imp.lost_columns, "a source of its own differs from nothing")
        known = self._read(others[1]).mapping_id
        self.assertEqual(self._read([*others[1], "发动机号"]).mapping_id, known, "cars are recognised as well")
        self.assertNotEqual(self._read([*others[1], "工单号"]).mapping_id, known, "and are no orders")
        self.assertEqual(self._read(self.headers).mapping_id, self.source)

    def test_exact_source_comes_first(self):
        """Of two sources that would do the one with the very columns is taken; those of another store never are."""
        near = self._read([*self.headers, "备注甲"])
        near.action_new_source()
        self.assertNotEqual(near.mapping_id, self.source)
        self.assertEqual(self._read([*self.headers, "备注甲"]).mapping_id, near.mapping_id)
        self.assertEqual(self._read(self.headers).mapping_id, self.source)
        imp = self._create_import(self._csv([self._row()], headers=self.headers), self.admin_b)
        imp.action_read_file()
        self.assertEqual(imp.mapping_id.company_id, self.store_b)

    def test_another_source_is_chosen(self):
        """Who says that it is another list leaves nothing of it on the source that was found."""
        before = self.source.column_ids.mapped(lambda column: (column.header, column.target, column.gone))
        headers = [*[header for header in self.headers if header != "行驶里程"], "发动机号"]
        imp = self._read(headers)
        self.assertTrue(imp.new_columns and imp.lost_columns)
        imp.action_new_source()
        self.assertRecordValues(imp, [{"state": "mapped", "new_columns": "", "lost_columns": ""}])
        self.assertEqual(imp.column_ids.mapped("header"), headers)
        self.source.invalidate_recordset(["column_ids"])
        after = self.source.column_ids.mapped(lambda column: (column.header, column.target, column.gone))
        self.assertEqual(after, before)
        imp.mapping_id = self.source
        self.assertEqual(imp.new_columns, "发动机号 → Vehicle: Engine Number")
        imp.action_dry_run()
        imp.action_new_source()
        self.assertEqual(
            (imp.state, imp.count_refused, len(imp.line_ids)), ("mapped", 0, 0), "the check was of another source"
        )
        imp.mapping_id = self.source
        imp.action_cancel()
        self.assertFalse(self._column("发动机号"), "put aside: the source is as it was")

    def test_a_wrong_file_spoils_no_source(self):
        """A file of something else that was read by the source is no reason to lose it afterwards."""
        wrong = self._read(["备件号", "库存", "仓位", "单价", "供应商", "备注"], mapping_id=self.source.id)
        self.assertEqual(wrong.mapping_id, self.source)
        with self.assertRaises(UserError):
            wrong.action_apply()
        self.assertEqual(self._read(self.headers).mapping_id, self.source)

    def test_many_sources_cost_no_more_queries(self):
        """The closest of many sources is found with the queries that one takes."""
        Mapping = self.env["aftersales.import.mapping"].with_user(self.admin)
        costs = []
        for count in (1, 20):
            for number in range(count):
                self._read([*HEADERS[: 3 + number % 6], f"备注{count}-{number}"]).action_new_source()
            Mapping._find_for_headers(self.store, self.headers)  # what any first look loads once
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(Mapping._find_for_headers(self.store, [*self.headers, "备注"]), self.source)
            costs.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(costs[1], costs[0])

    def test_rights(self):
        """Only the administrator says that a file has a new source; what was added is written by nobody."""
        imp = self._read([*self.headers, "备注甲"])
        with self.assertRaises(AccessError):
            self.as_user(imp, self.manager).action_new_source()
        with self.assertRaises(AccessError), mute_logger(PROTECTED_LOG):
            imp.write({"added_headers": []})
        imp.action_apply()
        with self.assertRaises(UserError):
            imp.action_new_source()

    # ------------------------------------------------------------
    # BY ITSELF
    # ------------------------------------------------------------

    def _told(self, imp):
        message = imp.message_ids.filtered(lambda message: self.admin.partner_id in message.partner_ids)
        self.assertEqual(len(message), 1)
        self.assertIn(self.admin.partner_id, message.notified_partner_ids, "the author of a message is not told")
        return message.body

    def test_added_column_by_itself(self):
        """A new column is not read before a person has said what it is: the rest goes in, and the person is told."""
        for options in ({"source": "DMS"}, {}):
            row = [*self._row(order=f"WX2{len(options)}"), "13911112222"]
            imp, status = self._post([*self.headers, f"回访电话{len(options) or ''}"], row, **options)
            self.assertEqual((imp.mapping_id, status["state"], status["count_create"]), (self.source, "applied", 1))
            self.assertFalse(self._find_order(f"WX2{len(options)}").callback_phone)
            self.assertIn("回访电话", self._told(imp))
        self.assertEqual(status["new_columns"], "回访电话 (not read; probably Callback: Phone to Use)")
        again, _status = self._post([*self.headers, "回访电话"], row)
        self.assertFalse(again.new_columns)
        self.assertFalse(again.message_ids.filtered("partner_ids"), "told once")

    def test_lost_column_by_itself(self):
        """A file that lost a column waits for a person; once imported so, the next ones go in by themselves."""
        headers = [header for header in self.headers if header != "手机"]
        row = [cell for cell in self._row(order="WX2") if cell != "138 0013 8000"]
        imp, status = self._post(headers, row, source="DMS")
        self.assertEqual((status["state"], status["lost_columns"]), ("mapped", "手机 (Customer: Phone)"))
        self.assertFalse(self._find_order("WX2"))
        self.assertIn("手机", self._told(imp))
        self.assertEqual(self._post(headers, row, source="DMS")[1]["state"], "mapped", "nobody has looked yet")
        self.assertEqual(self._post(headers, row, action="check", source="DMS")[1]["state"], "checked")
        imp.action_apply()
        row[0] = "WX3"
        self.assertEqual(self._post(headers, row, source="DMS")[1]["state"], "applied")
        # A column that gets a target afterwards is missed again
        self._column("服务顾问").target = False
        without = [header for header in headers if header != "服务顾问"]
        row = [cell for cell in row if cell != "陈静"]
        row[0] = "WX4"
        self.assertEqual(self._post(without, row, source="DMS")[1]["state"], "applied", "nobody reads it")
        self._column("服务顾问").target = "advisor"
        self.assertEqual(self._post(without, row, source="DMS")[1]["lost_columns"], "服务顾问 (Order: Service Advisor)")

    def test_renamed_column_by_itself(self):
        """A renamed column is a lost one and a new one until a person has said that it is the same."""
        headers = ["联系方式" if header == "手机" else header for header in self.headers]
        imp, status = self._post(headers, self._row(order="WX2"), source="DMS")
        self.assertEqual(status["state"], "mapped")
        self.assertEqual(status["new_columns"], "联系方式 (not read; probably Customer: Phone)")
        self._column("联系方式").target = "partner_phone"
        self.assertEqual(imp.lost_columns, "手机 (read from 联系方式 now)")
        imp.action_apply()
        self.assertEqual(self._find_order("WX2").partner_id, self.owner)
        for names in (headers, self.headers):
            self.assertEqual(self._post(names, self._row(order="WX4"), source="DMS")[1]["state"], "applied")

    def test_placing_column_lost_by_itself(self):
        """Without what rows are placed by nothing is even checked."""
        headers = [header for header in self.headers if header not in ("车架号", "车牌号")]
        row = self._row(order="WX2")
        del row[3:5]
        for action in ("apply", "check"):
            imp, status = self._post(headers, row, action=action, source="DMS")
            self.assertEqual((status["state"], status["row_count"]), ("mapped", 0))
            self._told(imp)
        with self.assertRaises(UserError):
            imp.action_apply()
