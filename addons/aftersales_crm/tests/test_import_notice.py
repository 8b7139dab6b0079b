import io
import os
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import patch

import xlsxwriter

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..models.aftersales_import_intake_mixin import ROOT_PARAMETER
from ..models.aftersales_import_run_mixin import AftersalesImportRunMixin
from ..tools import dms_file, time_limit
from .common_order import HEADERS, AftersalesOrderCommon

LOG = "odoo.addons.aftersales_crm.models.aftersales_import_intake_mixin"


@tagged("post_install", "-at_install")
class TestImportNotice(AftersalesOrderCommon):
    """Who has to do something about a file, and was not looking, is told in his language; nobody else is, and not daily."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("zh_CN")
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "in").mkdir()
        self.env["ir.config_parameter"].set_param(ROOT_PARAMETER, str(self.root))
        self.source = self.env["aftersales.import.mapping"].with_user(self.admin).create(
            {"name": "DMS", "company_id": self.store.id, "intake_action": "apply", "folder": "in",
             "user_id": self.admin.id}
        )  # fmt: skip

    def _fetch(self, content, name="a.csv"):
        path = self.root / "in" / name
        path.write_bytes(content)
        os.utime(path, (time.time() - 60, time.time() - 60))
        with self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_import_fetch").method_direct_trigger()
            self.env.ref("aftersales_crm.ir_cron_aftersales_import").method_direct_trigger()
        self.env.invalidate_all()
        return self.env["aftersales.import"].search([("mapping_id", "=", self.source.id)], order="id desc", limit=1)

    def _told(self, imp):
        """Return what the administrator was told about the import."""
        messages = imp.message_ids.filtered(lambda message: self.admin.partner_id in message.notified_partner_ids)
        return "\n".join(messages.mapped("body"))

    def test_what_went_in_is_no_news(self):
        """A file that came in by itself and left nothing to do is not told; refused rows and customers to decide are."""
        imp = self._fetch(self._csv([self._row()]))
        self.assertEqual((imp.state, self._told(imp)), ("applied", ""))
        rows = [self._row(order="WX2", vin="BAD"), self._row(order="WX3", name="另一个", plate="沪A99999", vin="")]
        imp = self._fetch(self._csv(rows), "b.csv")
        self.assertRegex(self._told(imp), r"created: 1,.*were refused: 1\..*Customers to decide: 1\.")

    def test_a_file_that_waits(self):
        """Where the source wants a person, the person is told that there is something to look at."""
        self.source.intake_action = "check"
        with patch.object(AftersalesImportRunMixin, "_cron_work"):  # a check wants a second connection
            imp = self._fetch(self._csv([self._row()]))
        self.assertTrue(imp._work())
        self.assertEqual((imp.state, self._told(imp)), ("checked", ""))
        imp._tell_result()
        self.assertRegex(self._told(imp), r"checked, and nothing is written yet.*create: 1")
        self.source.intake_action = "read"
        imp = self._fetch(self._csv([self._row(order="WX2")]), "b.csv")
        self.assertEqual(imp.state, "mapped")
        self.assertIn("b.csv has come in", self._told(imp))

    def test_in_the_reader_s_language(self):
        """The sentence is in the language of who reads it, whoever's work it was."""
        self.admin.lang = "zh_CN"
        imp = self._fetch(self._csv([self._row(vin="BAD")]))
        self.assertRegex(self._told(imp), r"a\.csv 已导入")

    def test_a_file_that_is_no_table(self):
        """The person is told which file lies aside and why; what the server says of its own paths is not told."""
        before = self.env["mail.message"].search([], order="id desc", limit=1).id
        with mute_logger(LOG):
            self._fetch(b"just one line")
            with patch.object(dms_file, "checksum", side_effect=OSError(13, "Permission denied", "/srv/secret")):
                self._fetch(self._csv([self._row()]), "b.csv")
        told = self.env["mail.message"].search(
            [("id", ">", before), ("notified_partner_ids", "=", self.admin.partner_id.id)], order="id"
        )
        self.assertEqual(len(told), 2)
        self.assertRegex(told[0].body, "a.csv of the source “DMS” lies in the folder “refused” now.*names of columns")
        self.assertIn("The server cannot read it.", told[1].body)
        self.assertNotIn("secret", told[1].body)

    def test_a_long_file_by_hand(self):
        """Who started a long import is told how it ended, and why when it could not be read to its end."""
        imp = self._create_import(self._csv([self._row()]), self.admin)
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_apply()
        with self.enter_registry_test_mode():
            self.env.ref("aftersales_crm.ir_cron_aftersales_import").method_direct_trigger()
        self.env.invalidate_all()
        self.assertRegex(self._told(imp), r"is imported\. Rows that created: 1")
        imp = self._create_import(self._csv([self._row(order="WX2")]), self.admin)
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_apply()
        with (
            patch.object(AftersalesImportRunMixin, "_work_apply", side_effect=UserError("Line 7 cannot be split")),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("aftersales_crm.ir_cron_aftersales_import").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(imp.state, "mapped")
        self.assertIn("Line 7 cannot be split", self._told(imp))

    def test_a_short_file_by_hand(self):
        """Who looks at the screen is told by the screen alone."""
        imp = self._create_import(self._csv([self._row(vin="BAD")]), self.admin)
        imp.action_apply()
        self.assertEqual((imp.state, self._told(imp)), ("applied", ""))


@tagged("post_install", "-at_install")
class TestTimeLimit(AftersalesOrderCommon):
    """Work that the server would end before it is done ends by itself, with a sentence or with what it has."""

    def _check_after(self, seconds, cpu=0.0, kind=None, **limits):
        """Tell whether the time is over so many seconds after the beginning of the work."""
        limits = {"workers": 2, "limit_time_real": 100, "limit_time_real_cron": -1, "limit_time_cpu": 60, **limits}
        thread = threading.current_thread()
        with (
            patch.dict(config.options, limits),
            patch.object(thread, "type", kind, create=True),
            patch.object(time_limit, "request", None),
            patch.object(time_limit.time, "monotonic", return_value=1000.0) as clock,
            patch.object(time_limit.time, "process_time", return_value=50.0) as cpu_clock,
        ):
            is_over = time_limit.make_time_check()
            clock.return_value += seconds
            cpu_clock.return_value += cpu
            return is_over()

    def test_limits(self):
        """Of the server's limits the one that holds for this work counts, and a part of it is left for the end."""
        self.assertFalse(self._check_after(69))
        self.assertTrue(self._check_after(71))
        self.assertTrue(self._check_after(10, cpu=43))
        self.assertFalse(self._check_after(300, limit_time_real_cron=600))
        self.assertTrue(self._check_after(430, limit_time_real_cron=600))
        self.assertFalse(self._check_after(9999, limit_time_real_cron=0))
        # Threads instead of processes: only time on the clock counts, and nothing means the limit of requests
        self.assertTrue(self._check_after(71, workers=0, kind="cron", limit_time_real_cron=0))
        self.assertFalse(self._check_after(10, cpu=500, workers=0, kind="cron"))
        # A shell is ended by nobody
        self.assertFalse(self._check_after(9999, cpu=9999, workers=0))

    def test_a_workbook_that_takes_too_long(self):
        """A workbook that cannot be read in the server's time gets a sentence that says what to do."""
        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            for index, row in enumerate([HEADERS, *[self._row(order=f"WX{n}") for n in range(1500)]]):
                sheet.write_row(index, 0, row)
        imp = self._create_import(out.getvalue(), self.admin, file_name="long.xlsx")
        with (
            patch(
                "odoo.addons.aftersales_crm.models.aftersales_import_file_mixin.make_time_check", lambda: lambda: True
            ),
            self.assertRaisesRegex(UserError, "Save it as CSV"),
        ):
            imp.action_read_file()
        self.assertEqual(imp.state, "draft")

    def test_a_check_ends_with_what_it_has(self):
        """A long check says how many rows it has looked at."""
        imp = self._create_import(self._csv([self._row(order=f"WX{n}") for n in range(30)]), self.admin)
        imp.action_read_file()
        imp.with_context(import_in_background=True).action_dry_run()
        base = "odoo.addons.aftersales_crm.models."
        for is_over, looked_at in ((True, 10), (False, 0)):
            with (
                patch(f"{base}aftersales_import_check_mixin.make_time_check", lambda over=is_over: lambda: over),
                patch(f"{base}aftersales_import_batch_mixin.BATCH", 10),
                tempfile.TemporaryFile() as spool,
                self.env.cr.savepoint() as savepoint,
            ):
                values, _doubts = imp._try(spool, lambda _done, _total: True)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)
            # None: at all of them
            self.assertEqual((values["rows_checked"], values["row_count"]), (looked_at, 30))
