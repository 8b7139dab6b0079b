from odoo.tools import SQL

from ..models.aftersales_monthly_figure import DASH
from ..tools.measures import MEASURES


class ReportWorkbook:
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

    def write_sheets(self):
        self.write_summary()
        self.write_figures()
        self.write_analysis()
        self.write_base()

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
        sheet = self.book.add_worksheet(self.env._("Summary"))
        self.setup(sheet)
        self._write_title(sheet)
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
        self.heads(sheet, row, heads, (38, 12, 12, 12, 10, 12, 12, 14, 12))
        sheet.freeze_panes(row + 1, 1)
        sheet.repeat_rows(row)
        charted = {}
        for title, figures in self.values["sections"]:
            row += 1
            self.text(sheet, row, 0, title, "section")
            for figure in figures:
                row += 1
                charted[figure.measure] = row
                self._write_headline(sheet, row, figure)
        row += 2
        for line in self.values["check_lines"]:
            self.text(sheet, row, 0, line, "grey")
            row += 1
        self._chart_funnel(sheet, row + 1, charted)

    def _write_title(self, sheet):
        report = self.report
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

    def _write_headline(self, sheet, row, figure):
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

    def _chart_funnel(self, sheet, row, lines):
        """Excel's own chart on the cells of the sheet."""
        funnel = self.book.add_chart({"type": "bar"})
        name = sheet.get_name()
        for measure in ("due", "made", "successful"):
            line = lines[measure]
            funnel.add_series(
                {"name": [name, line, 0], "values": [name, line, 2, line, 2], "data_labels": {"value": True}}
            )
        funnel.set_title({"name": self.env._("Due, Made, Successful")})
        funnel.set_size({"width": 480, "height": 220})
        sheet.insert_chart(row, 0, funnel)

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
            self._chart_problems(sheet, problems[0], problems[-1])

    def _chart_problems(self, sheet, first, last):
        """Excel's own chart on the cells of the sheet."""
        chart = self.book.add_chart({"type": "column"})
        name = sheet.get_name()
        title = self.values["names"]["problem_share"]
        chart.add_series({"name": title, "categories": [name, first, 2, last, 2], "values": [name, first, 4, last, 4]})
        chart.set_title({"name": title})
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
