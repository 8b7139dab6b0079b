import hashlib
import io
import logging
import re

import xlsxwriter
from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime, html2plaintext

from ..models.aftersales_monthly_figure import DASH
from ..tools.measures import MEASURES

_logger = logging.getLogger(__name__)

LANGUAGES = {"en": "en_US", "zh": "zh_CN"}
MIMETYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Headline table: section and its figures
SECTIONS = (
    ("calls", ("due", "made", "made_rate", "successful", "success_rate", "attempts", "connect_rate", "missed",
               "unreachable", "refused", "cancelled")),
    ("voice", ("satisfaction_mean", "satisfied_rate", "question_good", "problems")),
    ("cases", ("complaints", "grievances", "complaints_per_100", "handled_in_time", "handling_late", "reopened",
               "second_satisfied")),
    ("workshop", ("orders", "comebacks", "first_time_fix", "lost_called", "lost_returned")),
    ("order", ("overdue_measures", "effective_measures", "exceptions", "call_exceptions")),
)  # fmt: skip
KEY_FIGURES = ("made_rate", "success_rate", "satisfied_rate", "handled_in_time", "complaints_per_100", "first_time_fix")
# Where less is better, for the colour of a change
LESS_IS_BETTER = frozenset(
    [
        "missed",
        "unreachable",
        "refused",
        "problems",
        "complaints",
        "grievances",
        "complaints_per_100",
        "handling_late",
        "reopened",
        "comebacks",
        "overdue_measures",
        "exceptions",
        "call_exceptions",
    ]
)
NEUTRAL = frozenset(["due", "cancelled", "attempts", "orders", "lost_called", "made", "successful"])
TABLES = (
    ("advisor", ("due", "success_rate", "satisfied_rate", "satisfaction_mean", "question_good", "problems",
                 "complaints", "first_time_fix", "comebacks")),
    ("agent", ("due", "made", "made_rate", "successful", "success_rate", "attempts", "connect_rate",
               "satisfied_rate", "handled_in_time")),
    ("kind", ("due", "made", "made_rate", "successful", "success_rate", "connect_rate", "satisfied_rate", "problems")),
    ("order_kind", ("due", "made_rate", "success_rate", "satisfied_rate", "problems", "orders", "first_time_fix")),
    ("brand", ("due", "made_rate", "success_rate", "satisfied_rate", "problems", "complaints_per_100",
               "first_time_fix")),
    ("level", ("complaints", "grievances", "handled_in_time", "handling_late", "reopened", "second_satisfied")),
)  # fmt: skip
TREND = (("made_rate", "#2f6f9f"), ("success_rate", "#5a9e6f"), ("satisfied_rate", "#c77d2e"))
TREND_MONTHS = 13


class AftersalesMonthlyReport(models.Model):
    """What the report looks like: the same values for the form, the PDF and the XLSX, in the language asked for."""

    _inherit = "aftersales.monthly.report"

    # ------------------------------------------------------------
    # STORED OUTPUTS
    # ------------------------------------------------------------

    @api.model
    def _output_languages(self):
        """The output languages that this database has: ``["en", "zh"]``."""
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        return [name for name, code in LANGUAGES.items() if code in installed]

    @api.model
    def _output_kinds(self):
        """The files that this machine can make: no PDF without wkhtmltopdf, which a download then says."""
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() in ("ok", "upgrade"):
            return list(MIMETYPES)
        _logger.warning("wkhtmltopdf is missing or cannot run: monthly reports are stored as XLSX alone")
        return [kind for kind in MIMETYPES if kind != "pdf"]

    def _store_outputs(self):
        """Store PDF and XLSX in every language, where they are missing or older than what they show."""
        kinds = self._output_kinds()
        for report in self:
            for language in report._output_languages():
                for kind in kinds:
                    report._output(kind, language)
        self._write_protected({"outputs_stored": True})

    def _output(self, kind, language):
        """The stored file of a kind and language, made anew when the report has moved on since.

        The language is that of the output, whatever language the user works in.
        """
        self.ensure_one()
        if language not in self._output_languages():
            raise UserError(
                self.env._(
                    "The language %(language)s is not installed. Install it under Settings > Translations > Languages.",
                    language=LANGUAGES[language],
                )
            )
        # Sudoed: whoever may read the report may read its outputs, and the store's copy is the same for all
        report_sudo = self.sudo().with_context(lang=LANGUAGES[language], tz=self.timezone)
        name = f"{kind}_{language}_id"
        stamp = report_sudo._output_stamp()
        attachment = report_sudo[name]
        if attachment.exists() and attachment.description == stamp:
            return attachment
        values = {
            "name": report_sudo._output_name(kind),
            "raw": getattr(report_sudo, f"_render_{kind}")(),
            "mimetype": MIMETYPES[kind],
            "description": stamp,
        }
        if attachment.exists():
            attachment.write(values)
        else:
            attachment = self.env["ir.attachment"].sudo().create({**values, "res_model": self._name, "res_id": self.id})
            report_sudo._write_protected({name: attachment.id})
        return attachment

    def _output_stamp(self):
        """Fingerprint of everything that the outputs show."""
        findings = [(row.id, row.name, row.cause, row.proposal, row.action_id.id) for row in self.finding_ids]
        shown = (
            self.figures_hash,
            self.state,
            self.is_current,
            str(self.quality_analysis),
            findings,
            self.checks,
            self.late_count,
            self.signed_by_id.id,
        )
        return hashlib.sha256(repr(shown).encode()).hexdigest()

    def _output_name(self, kind):
        store = re.sub(r"[^\w.-]+", "_", self.company_id.name or "")
        title = self.env._("Callback Report")
        revision = f"_R{self.revision}" if self.revision else ""
        return f"{self.month:%Y-%m}_{store}_{title}{revision}.{kind}".replace(" ", "_")

    # ------------------------------------------------------------
    # VALUES
    # ------------------------------------------------------------

    def _document_values(self):
        """Everything that a reader sees, in the language of the environment."""
        self.ensure_one()
        figures = self.env["aftersales.monthly.figure"].search([("report_id", "=", self.id)])
        by_name = {(figure.measure, figure.dimension, figure.key): figure for figure in figures}
        names = dict(figures._fields["measure"]._description_selection(self.env))
        dimensions = dict(figures._fields["dimension"]._description_selection(self.env))
        empty = figures.browse()

        def total(measure):
            return by_name.get((measure, "total", ""), empty)

        titles = {
            "calls": self.env._("Callbacks"),
            "voice": self.env._("What Customers Said"),
            "cases": self.env._("Complaints"),
            "workshop": self.env._("Workshop and Lost Customers"),
            "order": self.env._("Measures and Independence"),
        }
        due = total("due").numerator
        return {
            "names": names,
            "title": self.env._("Monthly Callback Report"),
            "key_figures": [total(name) for name in KEY_FIGURES],
            "sections": [(titles[code], [total(name) for name in measures]) for code, measures in SECTIONS],
            "funnel": [
                (total(name), round(100 * total(name).numerator / due) if due else 0)
                for name in ("due", "made", "successful")
            ],
            "tables": [
                (dimensions[dimension], columns, rows)
                for dimension, columns in TABLES
                if (rows := self._split_rows(figures, dimension, columns))
            ],
            "score_rows": [
                (score, by_name.get(("score_share", "score", str(score)), empty)) for score in (5, 4, 3, 2, 1)
            ],
            "questions": figures.filtered(lambda row: row.measure == "question_good" and row.dimension == "question"),
            "problems": figures.filtered(lambda row: row.dimension == "problem").sorted(
                lambda row: (-row.numerator, row.label or "")
            ),
            "trend": self._trend_svg(names),
            "trend_legend": [(names[name], colour) for name, colour in TREND],
            "tone": self._tone,
            # No row means none of it: zero for a count, nothing to divide by for a rate
            "blank": lambda measure: "0" if MEASURES[measure].unit == "count" else DASH,
            "score_blank": "0.0 %" if total("satisfaction_mean").n else DASH,
            "dash": DASH,
            "written": format_datetime(self.env, self.date_written, tz=self.timezone, dt_format="yyyy-MM-dd HH:mm"),
            "signed": format_datetime(self.env, self.date_signed, tz=self.timezone, dt_format="yyyy-MM-dd HH:mm")
            if self.date_signed
            else "",
            "state_name": dict(self._fields["state"]._description_selection(self.env))[self.state],
            "analysis": html2plaintext(self.sudo().quality_analysis or "").strip(),
            "check_lines": self._check_lines(),
            "month_name": self._month_name(),
            "is_chinese": self.env.lang == "zh_CN",
        }

    @api.model
    def _split_rows(self, figures, dimension, columns):
        """``[(label, [figure or empty])]`` of one dimension, the largest first."""
        rows = {}
        for figure in figures:
            if figure.dimension == dimension and figure.measure in columns:
                rows.setdefault(figure.key, {})[figure.measure] = figure
        empty = figures.browse()
        first = columns[0]
        return sorted(
            (
                (next(iter(cells.values())).label or "", [cells.get(name, empty) for name in columns])
                for cells in rows.values()
            ),
            key=lambda row: (-next((cell.numerator for cell in row[1] if cell.measure == first), 0), row[0]),
        )

    @api.model
    def _tone(self, figure, year=False):
        """``good``, ``bad`` or ``""``: what a change of the figure means to the store."""
        before, compared = (figure.last_year, figure.has_last_year) if year else (figure.previous, figure.has_previous)
        if not (figure.is_defined and compared) or figure.measure in NEUTRAL or figure.value == before:
            return ""
        return "good" if (figure.value > before) != (figure.measure in LESS_IS_BETTER) else "bad"

    def _trend_svg(self, names):
        """Thirteen months of the three main rates as one drawing, without a script or a picture file."""
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, month, value FROM aftersales_monthly_figure WHERE company_id = %s AND measure IN %s"
                " AND dimension = 'total' AND is_current AND is_defined AND month BETWEEN %s AND %s",
                self.company_id.id,
                tuple(name for name, _colour in TREND),
                self._month_before(TREND_MONTHS - 1),
                self.month,
            )
        )
        values = {(measure, month): value for measure, month, value in rows}
        months = [self._month_before(back) for back in reversed(range(TREND_MONTHS))]
        left, top, width, height = 34, 8, 640, 120
        step = width / (TREND_MONTHS - 1)

        def y(value):
            return round(top + height - height * value / 100, 1)

        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 26} {top + height + 22}"'
            ' width="100%" role="img" style="display:block">'
        ]
        for level in (0, 25, 50, 75, 100):
            parts.append(
                f'<line x1="{left}" y1="{y(level)}" x2="{left + width}" y2="{y(level)}" stroke="#8886" stroke-width="0.5"/>'
                f'<text x="{left - 5}" y="{y(level) + 3}" text-anchor="end" font-size="9" fill="#888">{level}</text>'
            )
        for index, month in enumerate(months):
            parts.append(
                f'<text x="{round(left + index * step, 1)}" y="{top + height + 14}" text-anchor="middle" font-size="9"'
                f' fill="#888">{month:%y-%m}</text>'
            )
        for name, colour in TREND:
            points = [
                (round(left + index * step, 1), y(values[name, month]))
                for index, month in enumerate(months)
                if (name, month) in values
            ]
            if len(points) > 1:
                path = " ".join(f"{px},{py}" for px, py in points)
                parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{px}" cy="{py}" r="2.6" fill="{colour}"/>' for px, py in points]
        parts.append("</svg>")
        # Numbers and dates only: nothing here was typed by a person
        return Markup("".join(parts))

    # ------------------------------------------------------------
    # PDF
    # ------------------------------------------------------------

    def _render_html(self):
        """The printed report as one HTML document that needs nothing from a server."""
        self.ensure_one()
        body = self.env["ir.qweb"]._render(
            "aftersales_crm.monthly_report_print", dict(self._document_values(), doc=self)
        )
        return f"<!DOCTYPE html>{body}"

    def _render_pdf(self):
        # Straight to wkhtmltopdf: core's way loads style sheets over HTTP, which a scheduled action cannot serve itself
        return self.env["ir.actions.report"]._run_wkhtmltopdf(
            [self._render_html()],
            report_ref="aftersales_crm.action_report_aftersales_monthly",
            specific_paperformat_args={},
        )

    # ------------------------------------------------------------
    # XLSX
    # ------------------------------------------------------------

    def _render_xlsx(self):
        """The report as a workbook, written row by row: memory stays flat however long it is.

        Text is written as text, never as a formula, and quoted where a spreadsheet would read it as one.
        """
        self.ensure_one()
        buffer = io.BytesIO()
        values = self._document_values()
        with xlsxwriter.Workbook(
            buffer, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            sheet = _Book(self, book, values)
            sheet.write_summary()
            sheet.write_figures()
            sheet.write_analysis()
            sheet.write_base()
        return buffer.getvalue()


class _Book:
    """One workbook of one report, in the language of the report's environment."""

    def __init__(self, report, book, values):
        self.report = report
        self.env = report.env
        self.book = book
        self.values = values
        font = {"font_name": "Microsoft YaHei" if values["is_chinese"] else "Calibri", "font_size": 10}
        styles = {
            "title": {"bold": True, "font_size": 16},
            "head": {"bold": True, "bg_color": "#2f4a5f", "font_color": "#ffffff", "border": 1, "text_wrap": True},
            "section": {"bold": True, "bg_color": "#e8edf1"},
            "text": {"text_wrap": False},
            "quoted": {"quote_prefix": True},
            "wrap": {"text_wrap": True, "valign": "top"},
            "count": {"num_format": "0"},
            "percent": {"num_format": '0.0" %"'},
            "per_hundred": {"num_format": "0.0"},
            "mean": {"num_format": "0.00"},
            "grey": {"font_color": "#666666"},
        }
        self.styles = {name: book.add_format({**font, **style}) for name, style in styles.items()}
        book.set_properties({"title": report.display_name, "company": report.company_id.name or ""})

    def text(self, sheet, row, column, value, style="text"):
        """Text as text: what starts like a formula is quoted, as a spreadsheet does itself."""
        value = str(value or "")
        if value[:1] in tuple("=+-@\t\r") and value != DASH:
            style = "quoted"
        sheet.write_string(row, column, value, self.styles[style])

    def heads(self, sheet, row, names, widths=()):
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        for column, name in enumerate(names):
            self.text(sheet, row, column, name, "head")

    def value(self, sheet, row, column, value, unit, defined):
        if defined:
            sheet.write_number(row, column, value, self.styles[unit])
        else:
            self.text(sheet, row, column, DASH)

    def ratio(self, sheet, row, column, figure, numerator, denominator):
        """The figure as a formula over its own numerator and denominator, so that a reader can follow it."""
        if not figure.is_defined:
            self.text(sheet, row, column, DASH)
        elif figure.unit == "count":
            sheet.write_formula(row, column, f"={numerator}", self.styles["count"], figure.numerator)
        else:
            scale = "" if figure.unit == "mean" else "*100"
            digits = 2 if figure.unit == "mean" else 1
            formula = f'=IF({denominator}=0,"{DASH}",ROUND({numerator}{scale}/{denominator},{digits}))'
            sheet.write_formula(row, column, formula, self.styles[figure.unit], figure.value)

    def setup(self, sheet, landscape=False):
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&R&P / &N")
        if landscape:
            sheet.set_landscape()

    def write_summary(self):
        report = self.report
        sheet = self.book.add_worksheet(self.env._("Summary"))
        self.setup(sheet)
        for column, width in enumerate((38, 12, 12, 12, 10, 12, 12, 14, 12)):
            sheet.set_column(column, column, width)
        self.text(sheet, 0, 0, self.values["title"], "title")
        self.text(sheet, 1, 0, f"{report.company_id.name} · {self.values['month_name']}")
        status = self.env._(
            "Revision %(revision)s · %(state)s · written %(written)s (%(zone)s)",
            revision=report.revision,
            state=self.values["state_name"],
            written=self.values["written"],
            zone=report.timezone,
        )
        self.text(sheet, 2, 0, status, "grey")
        if report.revision_reason:
            self.text(sheet, 3, 0, self.env._("Revised because: %(reason)s", reason=report.revision_reason))
        row = 5
        heads = [
            self.env._("Figure"),
            self.env._("Value"),
            self.env._("Counted"),
            self.env._("Out of"),
            "n",
            self.env._("Last Month"),
            self.env._("Change"),
            self.env._("Same Month Last Year"),
            self.env._("Change in a Year"),
        ]
        self.heads(sheet, row, heads)
        sheet.freeze_panes(row + 1, 1)
        charted = {}
        for title, figures in self.values["sections"]:
            row += 1
            self.text(sheet, row, 0, title, "section")
            for figure in figures:
                row += 1
                charted[figure.measure] = row
                self.text(sheet, row, 0, self.values["names"][figure.measure])
                self.ratio(sheet, row, 1, figure, f"C{row + 1}", f"D{row + 1}")
                sheet.write_number(row, 2, figure.numerator, self.styles["count"])
                if MEASURES[figure.measure].denominator:
                    sheet.write_number(row, 3, figure.denominator, self.styles["count"])
                sheet.write_number(row, 4, figure.n, self.styles["count"])
                self.value(sheet, row, 5, figure.previous, figure.unit, figure.has_previous)
                self.text(sheet, row, 6, figure.change_text, "text")
                self.value(sheet, row, 7, figure.last_year, figure.unit, figure.has_last_year)
                self.text(sheet, row, 8, figure.change_year_text, "text")
        row += 2
        for line in self.values["check_lines"]:
            self.text(sheet, row, 0, line, "grey")
            row += 1
        sheet.repeat_rows(5)
        # The funnel and the problems as Excel's own charts, on the cells above
        funnel = self.book.add_chart({"type": "bar"})
        name = sheet.get_name()
        for measure in ("due", "made", "successful"):
            line = charted[measure]
            funnel.add_series(
                {"name": [name, line, 0], "values": [name, line, 2, line, 2], "data_labels": {"value": True}}
            )
        funnel.set_title({"name": self.env._("Due, Made, Successful")})
        funnel.set_size({"width": 480, "height": 220})
        sheet.insert_chart(row + 1, 0, funnel)

    def write_figures(self):
        sheet = self.book.add_worksheet(self.env._("Figures"))
        self.setup(sheet, landscape=True)
        heads = [
            self.env._("Figure"),
            self.env._("Split by"),
            self.env._("Name"),
            self.env._("Value"),
            self.env._("Counted"),
            self.env._("Out of"),
            "n",
            self.env._("Last Month"),
            self.env._("Same Month Last Year"),
        ]
        self.heads(sheet, 0, heads, (34, 20, 34, 12, 12, 12, 10, 12, 14))
        sheet.freeze_panes(1, 3)
        sheet.repeat_rows(0)
        figures = self.env["aftersales.monthly.figure"].search([("report_id", "=", self.report.id)])
        dimensions = dict(figures._fields["dimension"]._description_selection(self.env))
        problems = []
        row = 0
        for row, figure in enumerate(figures, 1):
            if figure.dimension == "problem":
                problems.append(row)
            self.text(sheet, row, 0, self.values["names"][figure.measure])
            self.text(sheet, row, 1, dimensions[figure.dimension])
            self.text(sheet, row, 2, figure.label)
            self.ratio(sheet, row, 3, figure, f"E{row + 1}", f"F{row + 1}")
            sheet.write_number(row, 4, figure.numerator, self.styles["count"])
            sheet.write_number(row, 5, figure.denominator, self.styles["count"])
            sheet.write_number(row, 6, figure.n, self.styles["count"])
            self.value(sheet, row, 7, figure.previous, figure.unit, figure.has_previous)
            self.value(sheet, row, 8, figure.last_year, figure.unit, figure.has_last_year)
        sheet.autofilter(0, 0, max(row, 1), 8)
        if problems:
            # Figures of one kind stand together, the largest first
            first, last = problems[0], problems[-1]
            chart = self.book.add_chart({"type": "column"})
            name = sheet.get_name()
            chart.add_series(
                {
                    "name": self.values["names"]["problem_share"],
                    "categories": [name, first, 2, last, 2],
                    "values": [name, first, 4, last, 4],
                }
            )
            chart.set_title({"name": self.values["names"]["problem_share"]})
            chart.set_legend({"none": True})
            sheet.insert_chart(1, 10, chart)

    def write_analysis(self):
        sheet = self.book.add_worksheet(self.env._("Quality Analysis"))
        self.setup(sheet, landscape=True)
        heads = [
            self.env._("Finding"),
            self.env._("Kind"),
            self.env._("Cause"),
            self.env._("Proposal"),
            self.env._("Measure"),
            self.env._("Responsible Person"),
            self.env._("Deadline"),
        ]
        self.heads(sheet, 0, heads, (40, 14, 40, 40, 30, 20, 14))
        sheet.freeze_panes(1, 0)
        row = 0
        for finding in self.report.finding_ids:
            row += 1
            kinds = dict(finding._fields["kind"]._description_selection(self.env))
            action = finding.action_id
            cells = (
                finding.name,
                kinds.get(finding.kind),
                finding.cause,
                finding.proposal,
                action.display_name if action else "",
                (action.responsible_id or finding.responsible_id).name,
                action.date_deadline or finding.date_deadline,
            )
            for column, cell in enumerate(cells):
                self.text(sheet, row, column, cell, "wrap")
        for line in self.values["analysis"].splitlines():
            row += 1
            self.text(sheet, row + 1, 0, line)

    def write_base(self):
        """The frozen rows: no customer's data, only what was counted and how."""
        sheet = self.book.add_worksheet(self.env._("Frozen Base"))
        self.setup(sheet, landscape=True)
        Base = self.env["aftersales.monthly.base"]
        sources = dict(Base._fields["source"]._description_selection(self.env))
        columns = ("source", "res_id", "day", "state", "kind", "order_kind", "level", "score", "in_base", "is_made",
                   "is_completed", "is_problem", "hit")  # fmt: skip
        info = Base.fields_get(columns, ["string"])
        self.heads(sheet, 0, [info[name]["string"] for name in columns], (24, 12, 12, 14, 14, 14, 12, 8, 8, 8, 8, 8, 8))
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        query = SQL(
            "SELECT %s FROM aftersales_monthly_base WHERE report_id = %s ORDER BY source, day, res_id",
            SQL(", ").join(map(SQL.identifier, columns)),
            self.report.id,
        )
        self.env.cr.execute(query)
        row = 0
        while rows := self.env.cr.fetchmany(5000):
            for cells in rows:
                row += 1
                for column, (name, cell) in enumerate(zip(columns, cells, strict=True)):
                    if name == "source":
                        self.text(sheet, row, column, sources[cell])
                    elif cell is None:
                        continue
                    elif isinstance(cell, bool | int):
                        sheet.write_number(row, column, int(cell))
                    else:
                        self.text(sheet, row, column, cell)
