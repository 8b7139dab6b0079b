import io
import zipfile
from unittest.mock import patch

import openpyxl

from odoo.tests import freeze_time, tagged
from odoo.tools import find_in_path, mute_logger

from .common_figures import FiguresCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-09-30 12:00:00")
class TestMonthlyOutputs(FiguresCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("zh_CN")
        cls.rows = cls.make_month(size=16, seed=3)
        cls.report = cls.env["aftersales.monthly.report"]._write_month(cls.store, cls.month)

    def _book(self, language, user=None):
        report = self.report.with_user(user) if user else self.report
        return openpyxl.load_workbook(io.BytesIO(report._output("xlsx", language).raw))

    def test_language_is_that_of_the_output(self):
        """Month, title and names of the output follow the language asked for, not that of the user who asks."""
        self.crc.lang = "zh_CN"
        english = self.report.with_user(self.crc).with_context(lang="en_US")._render_html()
        chinese = self.report.with_context(lang="zh_CN")._render_html()
        self.assertIn("September 2026", english)
        self.assertNotIn("2026年9月", english)
        self.assertIn("2026年9月", chinese)
        self.assertIn('lang="zh-CN"', chinese)
        self.assertIn("Noto Sans CJK SC", chinese)

    def test_workbook_says_what_the_figures_say(self):
        """Every figure stands in the workbook with its numerator, its denominator and a formula over the two."""
        sheet = self._book("en").worksheets[1]
        self.assertEqual(sheet.max_row - 1, len(self.report.figure_ids))
        figure = self.figure(self.report, "success_rate")
        row = next(
            row for row in sheet.iter_rows(min_row=2) if row[0].value == "Success Rate" and row[1].value == "Total"
        )
        self.assertEqual((row[4].value, row[5].value, row[6].value), (figure.numerator, figure.denominator, figure.n))
        self.assertEqual(row[3].value, f'=IF(F{row[0].row}=0,"–",ROUND(E{row[0].row}*100/F{row[0].row},1))')
        values = openpyxl.load_workbook(io.BytesIO(self.report._output("xlsx", "en").raw), data_only=True).worksheets[1]
        self.assertEqual(values.cell(row[0].row, 4).value, figure.value)
        self.assertEqual(sheet.freeze_panes, "D2")

    def test_no_text_becomes_a_formula(self):
        """A brand named like a formula is text in the workbook, quoted as a spreadsheet quotes it."""
        sheet = self._book("en").worksheets[1]
        evil = [cell for row in sheet.iter_rows(min_row=2) for cell in row if str(cell.value).startswith("=cmd")]
        self.assertTrue(evil, "the fixture's brand must be in the workbook")
        for cell in evil:
            self.assertNotEqual(cell.data_type, "f")
            self.assertTrue(cell.quotePrefix)

    def test_workbook_has_charts_and_no_customer(self):
        """The workbook carries native charts; its sheets name no customer."""
        raw = self.report._output("xlsx", "en").raw
        names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
        self.assertTrue([name for name in names if name.startswith("xl/charts/chart")])
        text = "".join(
            str(cell.value) for sheet in self._book("en") for row in sheet.iter_rows() for cell in row if cell.value
        )
        for partner in self.rows["callbacks"].partner_id:
            self.assertNotIn(partner.name, text)

    def test_outputs_are_stored_once_and_renewed(self):
        """A download gives the stored file until the report moves on, then a new one in the same place."""
        first = self.report._output("xlsx", "en")
        self.assertEqual(self.report._output("xlsx", "en"), first)
        written = first.write_date, first.checksum
        self.assertEqual(first.res_id, self.report.id)
        self.assertNotEqual(self.report._output("xlsx", "zh"), first)
        self.report.with_user(self.crc).action_submit()
        again = self.report._output("xlsx", "en")
        self.assertEqual(again, first)
        self.assertNotEqual(again.checksum, written[1])
        action = self.report.with_user(self.gm).action_download_xlsx_zh()
        self.assertEqual(action["url"], f"/web/content/{self.report.xlsx_zh_id.id}?download=true")
        self.assertTrue(self.report.xlsx_zh_id.with_user(self.gm).has_access("read"))
        self.assertFalse(self.report.xlsx_zh_id.with_user(self.officer).has_access("read"))

    def test_pdf(self):
        """The PDF of either language is a real PDF and needs no web server to be made."""
        try:
            find_in_path("wkhtmltopdf")
        except OSError:
            self.skipTest("wkhtmltopdf is not installed")
        for language in ("en", "zh"):
            attachment = self.report._output("pdf", language)
            self.assertTrue(attachment.raw.startswith(b"%PDF-"))
            self.assertEqual(attachment.mimetype, "application/pdf")

    def test_glance(self):
        """The first page of the form shows the headline in the reader's language, to each role that may read it."""
        for user in (self.crc, self.manager, self.gm, self.admin):
            html = self.report.with_user(user).summary_html
            self.assertIn(self.figure(self.report, "success_rate").value_text, html)

    def test_each_step_renews_the_stored_outputs(self):
        """A step of the report asks for new outputs; the scheduled action stores them."""
        self.report._store_outputs()
        self.assertTrue(self.report.outputs_stored)
        self.assertNotIn(self.report.id, self.report._unprinted())
        stamp = self.report.xlsx_en_id.description
        self.report.with_user(self.crc).action_submit()
        self.assertIn(self.report.id, self.report._unprinted())
        self.report._store_outputs()
        self.assertNotEqual(self.report.xlsx_en_id.description, stamp)

    def test_without_wkhtmltopdf(self):
        """On a machine without wkhtmltopdf the workbooks are stored all the same."""
        Reports = type(self.env["ir.actions.report"])
        with (
            patch.object(Reports, "get_wkhtmltopdf_state", lambda records: "install"),
            mute_logger("odoo.addons.aftersales_crm.report.aftersales_monthly_report_outputs"),
        ):
            self.report._store_outputs()
        self.assertTrue(self.report.xlsx_en_id and self.report.outputs_stored)
        self.assertFalse(self.report.pdf_en_id)
