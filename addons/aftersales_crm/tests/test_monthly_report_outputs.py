import io
import re
import zipfile
from unittest.mock import patch

import openpyxl

from odoo.tests import freeze_time, tagged
from odoo.tools import find_in_path, mute_logger

from ..tools.measures import MEASURES
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
        """Every figure stands in the workbook, with the value that was frozen and a formula over its own two counts."""
        sheet = self._book("en")["Figures"]
        self.assertEqual(sheet.max_row - 1, len(self.report.figure_ids))
        figure = self.figure(self.report, "success_rate")
        row = next(
            row for row in sheet.iter_rows(min_row=2) if row[0].value == "Success Rate" and row[1].value == "Total"
        )
        number = row[0].row
        self.assertEqual(row[3].value, f'=IF(F{number}=0,"–",ROUND(E{number}*100/F{number},1))')
        values = openpyxl.load_workbook(io.BytesIO(self.report._output("xlsx", "en").raw), data_only=True)["Figures"]
        shown = [values.cell(number, column).value for column in (4, 5, 6, 7)]
        self.assertEqual(shown, [figure.value, figure.numerator, figure.denominator, figure.n])
        self.assertEqual(sheet.freeze_panes, "D2")

    def test_formulas_count_the_frozen_rows_again(self):
        """Each count is a formula over the sheet of frozen rows, and reckoned after gives the figure, in both languages."""
        for language in ("en", "zh"):
            book = self._book(language)
            base = book.worksheets[-1]
            self.assertEqual(base.max_row - 1, len(self.report.base_ids))
            columns = {cell.column_letter: [row.value for row in base[cell.column_letter]][1:] for cell in base[1]}
            sheet = book.worksheets[2]
            figures = self.env["aftersales.monthly.figure"].search([("report_id", "=", self.report.id)])
            counted = 0
            for row, figure in zip(sheet.iter_rows(min_row=2), figures, strict=True):
                for cell, part in ((row[4], "numerator"), (row[5], "denominator")):
                    if MEASURES[figure.measure].denominator or part == "numerator":
                        found = self._reckon(cell.value, base.title, columns)
                        self.assertEqual(found, figure[part], (figure.display_name, figure.label, part, cell.value))
                        counted += 1
            self.assertGreater(counted, 400)

    def _reckon(self, formula, sheet, columns):
        """What a spreadsheet makes of ``=COUNTIFS(…)`` or ``=SUMIFS(…)`` over whole columns."""
        self.assertRegex(formula, r"^=(COUNTIFS|SUMIFS)\(.+\)$")
        spans = re.findall(r"'([^']+)'!\$([A-Z])\$2:\$[A-Z]\$(\d+)(?:,\"((?:[^\"]|\"\")*)\")?", formula)
        self.assertEqual({span[0] for span in spans}, {sheet})
        self.assertEqual({int(span[2]) for span in spans}, {len(columns["A"]) + 1})
        summed = columns[spans.pop(0)[1]] if formula.startswith("=SUMIFS") else None

        def fits(value, criterion):
            criterion = criterion.replace('""', '"')
            if criterion == "=":
                return value is None
            if criterion.startswith(">"):
                return isinstance(value, int) and value > int(criterion[1:])
            return value is not None and str(value) == re.sub(r"~([~*?])", r"\1", criterion)

        hits = [
            index
            for index in range(len(columns["A"]))
            if all(fits(columns[letter][index], criterion) for _sheet, letter, _last, criterion in spans)
        ]
        return sum(summed[index] or 0 for index in hits) if summed else len(hits)

    def test_no_text_becomes_a_formula(self):
        """A brand named like a formula is text in the workbook, quoted as a spreadsheet quotes it."""
        sheet = self._book("en")["Figures"]
        evil = [cell for row in sheet.iter_rows(min_row=2) for cell in row if str(cell.value).startswith("=cmd")]
        self.assertTrue(evil, "the fixture's brand must be in the workbook")
        for cell in evil:
            self.assertNotEqual(cell.data_type, "f")
            self.assertTrue(cell.quotePrefix)

    def test_workbook_is_ready_to_print(self):
        """Seven sheets with native charts, frozen heads and a page set-up."""
        raw = self.report._output("xlsx", "en").raw
        names = zipfile.ZipFile(io.BytesIO(raw)).namelist()
        self.assertGreaterEqual(len([name for name in names if name.startswith("xl/charts/chart")]), 3)
        book = self._book("en")
        self.assertEqual(
            book.sheetnames,
            ["Cover", "Summary", "Figures", "Cases", "Closed Actions", "Quality Analysis", "Frozen Base"],
        )
        for sheet in book.worksheets:
            self.assertEqual((sheet.page_setup.paperSize, sheet.page_setup.fitToHeight), (9, 0), sheet.title)
            self.assertTrue(sheet.freeze_panes or sheet.title == "Cover", sheet.title)

    def test_customers_are_masked_by_role(self):
        """The store's copy names no customer; the manager's own copy names those of the cases, and that is written down."""

        def text(raw):
            book = openpyxl.load_workbook(io.BytesIO(raw))
            return "".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value)

        stored = text(self.report._output("xlsx", "en").raw)
        customers = self.rows["complaints"].partner_id
        self.assertTrue(customers)
        for partner in self.rows["callbacks"].partner_id | customers:
            self.assertNotIn(partner.name, stored)
        for vehicle in self.rows["complaints"].vehicle_id:
            self.assertNotIn(vehicle.license_plate, stored)
        action = self.report.with_user(self.crc).action_download_xlsx_en()
        self.assertEqual(action["url"], f"/web/content/{self.report.xlsx_en_id.id}?download=true")
        before = len(self.report.message_ids)
        action = self.report.with_user(self.manager).action_download_xlsx_en()
        own = self.env["ir.attachment"].browse(int(re.search(r"/content/(\d+)", action["url"])[1]))
        self.assertNotEqual(own, self.report.xlsx_en_id)
        for partner in customers:
            self.assertIn(partner.name, text(own.raw))
        self.assertEqual(len(self.report.message_ids), before + 1)
        for user in (self.crc, self.gm, self.officer):
            self.assertFalse(own.with_user(user).has_access("read"), user.name)
        # Swept away the next day
        self.env.cr.execute("UPDATE ir_attachment SET create_date = %s WHERE id = %s", ["2026-09-28", own.id])
        self.env.invalidate_all()
        self.report._sweep_own_copies()
        self.assertFalse(own.exists())

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
        action = self.report.with_user(self.crc).action_download_xlsx_zh()
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
