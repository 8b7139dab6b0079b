import hashlib
import io
import logging
import re
from datetime import timedelta

import xlsxwriter
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime, html2plaintext

from ..models.aftersales_monthly_figure import DASH
from ..tools.measures import MEASURES
from ..tools.trend import trend_svg
from .aftersales_monthly_report_workbook import ReportWorkbook

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
    ("order", ("overdue_measures", "effective_measures", "exceptions", "call_exceptions", "second_exceptions")),
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
        "second_exceptions",
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
    ("case_kind", ("complaints", "grievances", "handled_in_time", "handling_late", "reopened", "second_satisfied")),
    ("level", ("complaints", "grievances", "handled_in_time", "handling_late", "reopened", "second_satisfied")),
)  # fmt: skip
TREND = (("made_rate", "#2f6f9f"), ("success_rate", "#5a9e6f"), ("satisfied_rate", "#c77d2e"))
TREND_MONTHS = 13
OWN_COPY = "aftersales_crm: monthly report with names"


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
        self._check_output_language(language)
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

    def _check_output_language(self, language):
        if language not in self._output_languages():
            raise UserError(
                self.env._(
                    "The language %(language)s is not installed. Install it under Settings > Translations > Languages.",
                    language=LANGUAGES[language],
                )
            )

    def _own_copy(self, language):
        """A workbook whose case list names the customers: for one person, written down, and swept away the next day."""
        self.ensure_one()
        report_sudo = self.sudo().with_context(lang=LANGUAGES[language], tz=self.timezone)
        # Without a record it belongs to: only who made it can read it
        attachment = self.env["ir.attachment"].create(
            {
                "name": report_sudo._output_name("xlsx"),
                "raw": report_sudo._render_xlsx(named=True),
                "mimetype": MIMETYPES["xlsx"],
                "description": OWN_COPY,
            }
        )
        report_sudo.message_post(
            body=self.env._(
                "%(person)s downloaded the case list with the customers' names.", person=self.env.user.name
            ),
            author_id=self.env.user.partner_id.id,
        )
        return attachment

    @api.autovacuum
    def _sweep_own_copies(self):
        """Copies with names are for the moment of the download."""
        limit = fields.Datetime.now() - timedelta(days=1)
        self.env["ir.attachment"].sudo().search([("description", "=", OWN_COPY), ("create_date", "<", limit)]).unlink()

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
            self._closed_actions(),
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
        figures = self._all_figures()
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
        months, lines = self._trend_rows()
        months = [f"{month:%y-%m}" for month in months]
        return {
            "figures": figures,
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
            # Numbers and dates only: nothing here was typed by a person
            "trend": Markup(trend_svg(months, [(colour, lines[name]) for name, colour in TREND])),
            "trend_rows": (months, [(names[name], lines[name]) for name, _colour in TREND]),
            "trend_legend": [(names[name], colour) for name, colour in TREND],
            "tone": self._tone,
            # No row means none of it: zero for a count, nothing to divide by for a rate
            "blank": lambda measure: "0" if MEASURES[measure].unit == "count" else DASH,
            "score_blank": "0.0 %" if total("satisfaction_mean").n else DASH,
            "dash": DASH,
            "written": format_datetime(self.env, self.date_written, tz=self.timezone, dt_format="yyyy-MM-dd HH:mm")
            if self.date_written
            else "",
            "signed": format_datetime(self.env, self.date_signed, tz=self.timezone, dt_format="yyyy-MM-dd HH:mm")
            if self.date_signed
            else "",
            "state_name": self._selection_label("state"),
            "analysis": html2plaintext(self.sudo().quality_analysis or "").strip(),
            "check_lines": self._check_lines(),
            "closed_actions": self._closed_actions(),
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

    def _trend_rows(self):
        """Thirteen months of the three main rates: first days of the months, ``{measure: [value or None]}``."""
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
        return months, {name: [values.get((name, month)) for month in months] for name, _colour in TREND}

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

    def _render_xlsx(self, named=False):
        """The report as a workbook, written row by row: memory stays flat however long it is.

        Text is written as text, never as a formula, and quoted where a spreadsheet would read it as one.

        :param bool named: customers of the case list by name and plate
        """
        self.ensure_one()
        buffer = io.BytesIO()
        values = self._document_values()
        with xlsxwriter.Workbook(
            buffer, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        ) as book:
            ReportWorkbook(self, book, values, named).write_sheets()
        return buffer.getvalue()
