from odoo.tools import SQL

from ..models.aftersales_monthly_figure import DASH
from ..tools.measures import MEASURES
from ..tools.sheet_formula import COLUMNS, day_number, part_formula


def mask_name(name):
    """The first character of a name: enough to recognise a case by."""
    return f"{name[:1]}**" if name else ""


def mask_plate(plate):
    """The place and the last two characters of a plate."""
    return f"{plate[:2]}{'*' * max(len(plate) - 4, 1)}{plate[-2:]}" if plate else ""


class ReportWorkbook:
    """One workbook of one report, in the language of the report's environment."""

    def __init__(self, report, book, values, named=False):
        """:param bool named: customers by name and plate, for who needs them; masked in every other copy"""
        self.named = named
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
        self.base_sheet = self.env._("Frozen Base")
        self.base_rows = self.env["aftersales.monthly.base"].search_count([("report_id", "=", report.id)])

    def write_sheets(self):
        """Cover, figures, cases, measures and analysis, and the frozen rows from which the formulas count again."""
        self.write_cover()
        self.write_summary()
        self.write_figures()
        self.write_cases()
        self.write_actions()
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

    def count(self, sheet, row, column, figure, part):
        """Numerator or denominator as a formula that counts the frozen rows again."""
        value = figure[part]
        # What the store's earlier report named and this one does not has no rows: its zero is a comparison
        formula = part_formula(figure.measure, figure.dimension, figure.key, part, self.base_sheet, self.base_rows)
        if formula and self.base_rows:
            sheet.write_formula(row, column, formula, self.styles["count"], value)
        elif formula:
            sheet.write_number(row, column, value, self.styles["count"])

    def setup(self, sheet, landscape=False):
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&R&P / &N")
        if landscape:
            sheet.set_landscape()

    def write_cover(self):
        """What it is, of which store and month, how it stands, who answers for it, and how to read it."""
        report, values = self.report, self.values
        sheet = self.book.add_worksheet(self.env._("Cover"))
        self.setup(sheet)
        sheet.hide_gridlines(2)
        for column, width in enumerate((30, 24, 14, 14, 14)):
            sheet.set_column(column, column, width)
        self.text(sheet, 0, 0, values["title"], "title")
        self.text(sheet, 1, 0, f"{report.company_id.name} · {values['month_name']}")
        lines = [
            (self.env._("Step"), values["state_name"]),
            (self.env._("Written on"), f"{values['written']} ({report.timezone})"),
            (self.env._("Revision"), str(report.revision)),
            (self.env._("Why Revised"), report.revision_reason or DASH),
            (self.env._("Submitted by"), report.submitted_by_id.name or DASH),
            (self.env._("Analysed by"), report.analysed_by_id.name or DASH),
            (self.env._("Signed by"), " ".join(filter(None, [report.signed_by_id.name, values["signed"]])) or DASH),
            (self.env._("Fingerprint"), report.figures_hash),
        ]
        row = 2
        for name, value in lines:
            row += 1
            self.text(sheet, row, 0, name, "section")
            self.text(sheet, row, 1, value)
        row += 2
        self.heads(
            sheet, row, [self.env._("Figure"), self.env._("Value"), "n", self.env._("Last Month"), self.env._("Change")]
        )
        for figure in values["key_figures"]:
            row += 1
            self.text(sheet, row, 0, values["names"][figure.measure])
            self.value(sheet, row, 1, figure.value, figure.unit, figure.is_defined)
            sheet.write_number(row, 2, figure.n, self.styles["count"])
            self.value(sheet, row, 3, figure.previous, figure.unit, figure.has_previous)
            self.text(sheet, row, 4, figure.change_text)
        row += 1
        notes = [
            *values["check_lines"],
            self.env._(
                "Figures are formulas: they count the rows of the sheet “%(sheet)s” again.", sheet=self.base_sheet
            ),
            self.env._("Customers are named in full in this copy: it is for you alone.")
            if self.named
            else self.env._("Customers are masked."),
        ]
        for note in notes:
            row += 1
            self.text(sheet, row, 0, note, "grey")
        self._chart_trend(sheet, row + 2)

    def _chart_trend(self, sheet, row):
        """Thirteen months of the main rates: the numbers, and Excel's own chart on them."""
        months, lines = self.values["trend_rows"]
        self.heads(sheet, row, [self.env._("Month"), *(name for name, _values in lines)])
        for offset, month in enumerate(months, 1):
            self.text(sheet, row + offset, 0, month)
            for column, (_name, points) in enumerate(lines, 1):
                if points[offset - 1] is not None:
                    sheet.write_number(row + offset, column, points[offset - 1], self.styles["percent"])
        chart = self.book.add_chart({"type": "line"})
        name, last = sheet.get_name(), row + len(months)
        for column, (title, _points) in enumerate(lines, 1):
            chart.add_series(
                {
                    "name": title,
                    "categories": [name, row + 1, 0, last, 0],
                    "values": [name, row + 1, column, last, column],
                    "marker": {"type": "circle"},
                }
            )
        chart.set_title({"name": self.env._("Thirteen Months, %")})
        chart.set_y_axis({"min": 0, "max": 100})
        chart.set_size({"width": 720, "height": 280})
        sheet.insert_chart(last + 2, 0, chart)

    def write_summary(self):
        sheet = self.book.add_worksheet(self.env._("Summary"))
        self.setup(sheet)
        row = 0
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
        self._chart_funnel(sheet, row + 2, charted)

    def _write_headline(self, sheet, row, figure):
        self.text(sheet, row, 0, self.values["names"][figure.measure])
        self.ratio(sheet, row, 1, figure, f"C{row + 1}", f"D{row + 1}")
        self.count(sheet, row, 2, figure, "numerator")
        self.count(sheet, row, 3, figure, "denominator")
        self.write_n(sheet, row, 4, figure, f"C{row + 1}", f"D{row + 1}")
        self.value(sheet, row, 5, figure.previous, figure.unit, figure.has_previous)
        self.text(sheet, row, 6, figure.change_text, "text")
        self.value(sheet, row, 7, figure.last_year, figure.unit, figure.has_last_year)
        self.text(sheet, row, 8, figure.change_year_text, "text")

    def write_n(self, sheet, row, column, figure, numerator, denominator):
        cell = denominator if MEASURES[figure.measure].denominator else numerator
        sheet.write_formula(row, column, f"={cell}", self.styles["count"], figure.n)

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
            self.count(sheet, row, 4, figure, "numerator")
            self.count(sheet, row, 5, figure, "denominator")
            self.write_n(sheet, row, 6, figure, f"E{row + 1}", f"F{row + 1}")
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

    def write_cases(self):
        """The complaints and grievances of the month, as frozen; the customer masked unless the copy is for who needs it."""
        sheet = self.book.add_worksheet(self.env._("Cases"))
        self.setup(sheet, landscape=True)
        heads = [
            self.env._("Number"),
            self.env._("Received"),
            self.env._("Nature"),
            self.env._("Kind"),
            self.env._("Level"),
            self.env._("Service Advisor"),
            self.env._("Customer"),
            self.env._("Plate"),
            self.env._("Handled in Time"),
        ]
        self.heads(sheet, 0, heads, (18, 12, 12, 26, 12, 18, 24, 14, 16))
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        Base = self.env["aftersales.monthly.base"]
        rows = Base.search_fetch([("report_id", "=", self.report.id), ("source", "in", ("complaint", "handling"))])
        met = {row.res_id: row.hit for row in rows if row.source == "handling"}
        received = rows.filtered(lambda row: row.source == "complaint")
        # Sudoed: what is shown of a case is masked, or asked for by a role that needs it
        Case = self.env["aftersales.complaint"].sudo().with_context(active_test=False)
        cases = {case.id: case for case in Case.browse(received.mapped("res_id")).exists()}
        levels = dict(Case._fields["level"]._description_selection(self.env))
        row = 0
        for row, line in enumerate(received, 1):
            case = cases.get(line.res_id, Case)
            in_time = {True: self.env._("Yes"), False: self.env._("No"), None: DASH}[met.get(line.res_id)]
            cells = (
                case.name or str(line.res_id),
                str(line.day),
                self.env._("Complaint") if line.hit else self.env._("Grievance"),
                line.case_kind_id.display_name,
                levels.get(line.level),
                line.advisor_id.name or (line.advisor_key or "").removeprefix("name:"),
                case.partner_id.name if self.named else mask_name(case.partner_id.name),
                case.vehicle_id.license_plate if self.named else mask_plate(case.vehicle_id.license_plate),
                in_time,
            )
            for column, cell in enumerate(cells):
                self.text(sheet, row, column, cell)
        sheet.autofilter(0, 0, max(row, 1), len(heads) - 1)

    def write_actions(self):
        """The corrective and preventive actions that were closed in the month, each with its effect."""
        sheet = self.book.add_worksheet(self.env._("Closed Actions"))
        self.setup(sheet, landscape=True)
        heads = [
            self.env._("Action"),
            self.env._("Kind"),
            self.env._("Responsible Person"),
            self.env._("Effective"),
            self.env._("Effect"),
        ]
        self.heads(sheet, 0, heads, (44, 14, 20, 12, 80))
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        for row, action in enumerate(self.values["closed_actions"], 1):
            effective = self.env._("Yes") if action["effective"] else self.env._("No")
            cells = (action["name"], action["kind"], action["responsible"], effective, action["effect"])
            for column, cell in enumerate(cells):
                self.text(sheet, row, column, cell, "wrap")

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
        """The frozen rows: no customer's data, only what was counted and how; keys and codes as the formulas ask for them."""
        sheet = self.book.add_worksheet(self.base_sheet)
        self.setup(sheet, landscape=True)
        names = self.env["aftersales.monthly.base"].fields_get(COLUMNS, ["string"])
        self.heads(sheet, 0, [names[name]["string"] for name in COLUMNS], (16, *[11] * (len(COLUMNS) - 1)))
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        query = SQL(
            "SELECT %s FROM aftersales_monthly_base WHERE report_id = %s ORDER BY source, day, res_id",
            SQL(", ").join(map(SQL.identifier, COLUMNS)),
            self.report.id,
        )
        self.env.cr.execute(query)
        row = 0
        while rows := self.env.cr.fetchmany(5000):
            for cells in rows:
                row += 1
                for column, (name, cell) in enumerate(zip(COLUMNS, cells, strict=True)):
                    if cell is None or cell == "":
                        continue
                    if name == "day":
                        sheet.write_number(row, column, day_number(cell))
                    elif isinstance(cell, bool | int):
                        sheet.write_number(row, column, int(cell))
                    else:
                        self.text(sheet, row, column, cell)
        sheet.autofilter(0, 0, max(row, 1), len(COLUMNS) - 1)
