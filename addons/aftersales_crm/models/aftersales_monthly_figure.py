import json
from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.measures import DIMENSION_COLUMNS, FAMILIES, MEASURES, SCORES, SHARED_OUT, family_measures, rate
from .aftersales_monthly_base import SOURCE_MODELS

DASH = "–"

# What is stored of each figure that was counted, with its type in the database
COLUMNS = {
    "sequence": "int",
    "measure": "varchar",
    "dimension": "varchar",
    "key": "varchar",
    "label": "jsonb",
    "unit": "varchar",
    "numerator": "int",
    "denominator": "int",
    "n": "int",
    "value": "float8",
    "is_defined": "bool",
    "previous": "float8",
    "previous_n": "int",
    "has_previous": "bool",
    "last_year": "float8",
    "last_year_n": "int",
    "has_last_year": "bool",
}


class AftersalesMonthlyFigure(models.Model):
    """One figure of one monthly report: numerator, denominator, n, and the same figure a month and a year before.

    What a figure counts stands in `tools/measures.py` alone. Rows are written once, with the report's base.
    """

    _name = "aftersales.monthly.figure"
    _description = "Monthly Figure"
    _inherit = ["aftersales.protected.mixin"]
    _order = "month desc, company_id, sequence, dimension, denominator desc, numerator desc, key"
    _protected_append_only = True
    _log_access = False

    report_id = fields.Many2one(
        "aftersales.monthly.report", required=True, index=True, ondelete="cascade", bypass_search_access=True
    )
    company_id = fields.Many2one("res.company", "Store", required=True, ondelete="restrict", index=True)
    month = fields.Date(required=True, index=True)
    is_current = fields.Boolean("Latest Revision", help="The figures of a revised report stay, but no longer count.")
    # Which figure
    sequence = fields.Integer(aggregator=None)
    measure = fields.Selection(
        [
            ("due", "Due"),
            ("made", "Made"),
            ("made_rate", "Made Rate"),
            ("successful", "Successful"),
            ("success_rate", "Success Rate"),
            ("cancelled", "Cancelled for a Valid Reason"),
            ("missed", "Missed"),
            ("unreachable", "Unreachable"),
            ("refused", "Refused"),
            ("attempts", "Attempts"),
            ("connect_rate", "Connect Rate"),
            ("satisfaction_mean", "Satisfaction with Last Repair (Mean)"),
            ("satisfied_rate", "Satisfied with Last Repair"),
            ("score_share", "Share of Each Score"),
            ("question_good", "Good Answers"),
            ("problem_share", "Frequent Problems"),
            ("problems", "Problems Reported"),
            ("complaints", "Complaints"),
            ("grievances", "Grievances"),
            ("complaints_per_100", "Complaints per 100 Orders"),
            ("handled_in_time", "Handled in Time"),
            ("handling_late", "Still Running and Late"),
            ("reopened", "Reopened"),
            ("second_satisfied", "Second Callback: Satisfied"),
            ("orders", "Repair Orders"),
            ("comebacks", "Comebacks"),
            ("first_time_fix", "First-Time-Fix Rate"),
            ("lost_called", "Lost Customers Called"),
            ("lost_returned", "Lost Customers Returned"),
            ("overdue_measures", "Overdue Measures"),
            ("effective_measures", "Effective Measures"),
            ("exceptions", "Exceptions to Independence"),
            ("call_exceptions", "Calls by an Exception"),
        ],
        "Figure",
        required=True,
        index=True,
    )
    dimension = fields.Selection(
        [
            ("total", "Total"),
            ("advisor", "Service Advisor"),
            ("agent", "Agent"),
            ("kind", "Kind of Callback"),
            ("order_kind", "Kind of Order"),
            ("brand", "Brand"),
            ("level", "Level"),
            ("question", "Question"),
            ("problem", "Problem Category"),
            ("score", "Score"),
            ("outcome", "Outcome"),
            ("day", "Day"),
        ],
        "Split by",
        required=True,
        index=True,
    )
    key = fields.Char(
        "Row Key", required=True, help="What the row is about: an id or a code; empty where nothing is stated."
    )
    label = fields.Char("Name", translate=True, help="The name as it was when the report was written.")
    # What it says
    unit = fields.Selection(
        [("count", "Count"), ("percent", "%"), ("per_hundred", "per 100"), ("mean", "Mean")], required=True
    )
    numerator = fields.Integer("Counted")
    denominator = fields.Integer("Out of")
    n = fields.Integer("n", aggregator="sum")
    value = fields.Float(digits=(16, 2), aggregator="avg", help="Of several rows: all counted out of all.")
    is_defined = fields.Boolean("Has a Value", help="No: there was nothing to divide by.")
    previous = fields.Float("Last Month", digits=(16, 2), aggregator=None)
    previous_n = fields.Integer("n Last Month", aggregator=None)
    has_previous = fields.Boolean("Compared with Last Month")
    last_year = fields.Float("Same Month Last Year", digits=(16, 2), aggregator=None)
    last_year_n = fields.Integer("n Last Year", aggregator=None)
    has_last_year = fields.Boolean("Compared with Last Year")
    # For the eye
    value_text = fields.Char("Shown", compute="_compute_texts")
    previous_text = fields.Char("Last Month Shown", compute="_compute_texts")
    last_year_text = fields.Char("Last Year Shown", compute="_compute_texts")
    change_text = fields.Char("Change", compute="_compute_texts", help="Against last month; points for rates.")
    change_year_text = fields.Char("Change in a Year", compute="_compute_texts")

    _once = models.UniqueIndex("(report_id, measure, dimension, key)", "A report holds each figure once.")
    _trend_idx = models.Index("(company_id, measure, dimension, month) WHERE is_current")

    @api.depends("measure", "label", "month")
    def _compute_display_name(self):
        measures = dict(self._fields["measure"]._description_selection(self.env))
        for figure in self:
            name = measures.get(figure.measure, "")
            figure.display_name = f"{name}: {figure.label}" if figure.dimension != "total" else name

    @api.depends("value", "previous", "last_year", "unit", "is_defined", "has_previous", "has_last_year")
    def _compute_texts(self):
        for figure in self:
            text = figure._format_value
            figure.value_text = text(figure.value, figure.is_defined)
            figure.previous_text = text(figure.previous, figure.has_previous)
            figure.last_year_text = text(figure.last_year, figure.has_last_year)
            figure.change_text = figure._format_change(figure.previous, figure.has_previous)
            figure.change_year_text = figure._format_change(figure.last_year, figure.has_last_year)

    def _format_value(self, value, defined):
        if not defined:
            return DASH
        if self.unit == "count":
            return f"{value:.0f}"
        if self.unit == "percent":
            return f"{value:.1f} %"
        return f"{value:.1f}" if self.unit == "per_hundred" else f"{value:.2f}"

    def _format_change(self, before, has_before):
        if not (has_before and self.is_defined):
            return DASH
        digits = {"count": 0, "mean": 2}.get(self.unit, 1)
        change = round(self.value - before, digits)
        return f"{change:+.{digits}f}" if change else f"±{0:.{digits}f}"

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def _read_group_select(self, aggregate_spec, query):
        """A value of several rows is all counted out of all, never a mean of rates; unlike figures have none together."""
        if aggregate_spec != "value:avg":
            return super()._read_group_select(aggregate_spec, query)
        fields = {
            name: self._field_to_sql(self._table, name, query)
            for name in ("measure", "dimension", "unit", "numerator", "denominator")
        }
        return SQL(
            "CASE WHEN MIN(%(measure)s) <> MAX(%(measure)s) OR MIN(%(dimension)s) <> MAX(%(dimension)s) THEN NULL"
            " WHEN MIN(%(unit)s) = 'count' THEN SUM(%(numerator)s)::float"
            " ELSE SUM(%(numerator)s) * CASE MIN(%(unit)s) WHEN 'mean' THEN 1.0 ELSE 100.0 END"
            " / NULLIF(SUM(%(denominator)s), 0) END",
            **fields,
        )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open_counted(self):
        """Open exactly the records that the figure counts."""
        return self._action_open("numerator")

    def action_open_population(self):
        """Open exactly the records that the figure is counted out of."""
        return self._action_open("denominator")

    def _action_open(self, part):
        self.ensure_one()
        self.check_access("read")
        model = SOURCE_MODELS[self._part_source(part)]
        ids = self._record_ids(part)
        self.env[model].check_access("read")
        action = {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": model,
            "domain": [("id", "in", ids)],
            "views": [(False, "list"), (False, "form")],
            "context": {"create": False, "active_test": False},
        }
        erased = len(ids) - self.env[model].sudo().with_context(active_test=False).search_count([("id", "in", ids)])
        if erased:
            action["help"] = self.env._("%(count)s of the records counted here no longer exist.", count=erased)
        return action

    def action_open_base(self):
        """Open the frozen rows behind the figure: the evidence as it was when the report was written."""
        self.ensure_one()
        self.check_access("read")
        self.env["aftersales.monthly.base"].check_access("read")
        ids = self._base_ids("numerator") + self._base_ids("denominator")
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "aftersales.monthly.base",
            "domain": [("id", "in", sorted(set(ids)))],
            "views": [(False, "list"), (False, "pivot")],
        }

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _part_source(self, part):
        measure = MEASURES[self.measure]
        return measure.source if part == "numerator" else measure.denominator_source or measure.source

    def _part_where(self, part):
        """SQL condition on the base for the rows of this figure's numerator or denominator."""
        self.ensure_one()
        measure = MEASURES[self.measure]
        condition = measure.numerator if part == "numerator" else measure.denominator
        if condition is None:
            raise UserError(
                self.env._("“%(figure)s” is a plain count: it is not out of anything.", figure=self.display_name)
            )
        column = DIMENSION_COLUMNS[self.dimension]
        if part == "denominator" and measure.share:
            column = None
        return SQL(
            "report_id = %s AND source = %s AND (%s) AND %s",
            self.report_id.id,
            self._part_source(part),
            SQL(condition),
            SQL("COALESCE(%s::text, '') = %s", SQL.identifier(column), self.key) if column else SQL("TRUE"),
        )

    def _record_ids(self, part="numerator"):
        """Ids of the records behind the figure, as frozen."""
        query = SQL("SELECT res_id FROM aftersales_monthly_base WHERE %s ORDER BY res_id", self._part_where(part))
        return [row[0] for row in self.env.execute_query(query)]

    def _base_ids(self, part):
        if part == "denominator" and MEASURES[self.measure].denominator is None:
            return []
        query = SQL("SELECT id FROM aftersales_monthly_base WHERE %s", self._part_where(part))
        return [row[0] for row in self.env.execute_query(query)]

    @api.model
    def _count(self, report):
        """Count the report's base: one statement for each family of sources.

        :return: ``{(measure, dimension, key): (numerator, denominator)}``
        """
        counted = {}
        for family in FAMILIES:
            counted.update(self._count_family(report, family))
        return counted

    @api.model
    def _count_family(self, report, family):
        measures = family_measures(family)
        dimensions = list(dict.fromkeys(name for measure in measures.values() for name in measure.dimensions))
        columns = [DIMENSION_COLUMNS[name] for name in dimensions if DIMENSION_COLUMNS[name]]
        aggregates = {}

        def position(source, condition, what="COUNT(*)"):
            filtered = f"source = '{source}' AND ({condition})"
            return aggregates.setdefault(f"{what} FILTER (WHERE {filtered})", len(aggregates))

        parts = {}
        for code, measure in measures.items():
            numerator = position(
                measure.source, measure.numerator, "SUM(score)" if measure.unit == "mean" else "COUNT(*)"
            )
            denominator = None
            if measure.denominator:
                denominator = position(measure.denominator_source or measure.source, measure.denominator)
            parts[code] = (numerator, denominator)
        names = SQL(", ").join(map(SQL.identifier, columns))
        sets = SQL(", ").join([SQL("()"), *(SQL("(%s)", SQL.identifier(name)) for name in columns)])
        rows = self.env.execute_query(
            SQL(
                "SELECT GROUPING(%(names)s), %(keys)s, %(aggregates)s FROM aftersales_monthly_base"
                " WHERE report_id = %(report)s AND source IN %(sources)s GROUP BY GROUPING SETS (%(sets)s)",
                names=names,
                keys=SQL(", ").join(SQL("%s::text", SQL.identifier(name)) for name in columns),
                aggregates=SQL(", ").join(SQL(code) for code in aggregates),
                report=report.id,
                sources=family,
                sets=sets,
            )
        )
        # GROUPING() has a zero bit for the one column that the row is grouped by
        every = (1 << len(columns)) - 1
        by_mask = {every: ("total", None)}
        for index, column in enumerate(columns):
            dimension = next(name for name in dimensions if DIMENSION_COLUMNS[name] == column)
            by_mask[every ^ (1 << (len(columns) - 1 - index))] = (dimension, index)
        counted = {}
        totals = {}
        for mask, *cells in rows:
            dimension, index = by_mask[mask]
            key = "" if index is None else cells[index] or ""
            values = [value or 0 for value in cells[len(columns) :]]
            for code, (numerator, denominator) in parts.items():
                counted[code, dimension, key] = (values[numerator], 0 if denominator is None else values[denominator])
                if dimension == "total":
                    totals[code] = counted[code, dimension, key][1]
        return self._scores_that_nobody_gave(totals) | {
            (code, dimension, key): (numerator, totals[code] if measures[code].share else denominator)
            for (code, dimension, key), (numerator, denominator) in counted.items()
            if dimension in measures[code].dimensions
            and (dimension == "total" or numerator or (denominator and not measures[code].share))
        }

    @api.model
    def _scores_that_nobody_gave(self, totals):
        """A score that nobody gave has a share too: nought. It stands beside the others, and next month beside itself."""
        given = totals.get("score_share")
        return {("score_share", "score", score): (0, given) for score in SCORES if given}

    @api.model
    def _write_figures(self, report):
        """Count the base of `report` and store its figures with their comparisons: a flat number of statements."""
        counted = self._count(report)
        before = self._figures_of(report, report._month_before(1))
        year_before = self._figures_of(report, report._month_before(12))
        # A problem that has vanished is news: it stays in the table with a zero
        for (code, dimension, key), (value, _n, _defined) in (before or {}).items():
            if (code, dimension) == ("problem_share", "problem") and value and (code, dimension, key) not in counted:
                counted[code, dimension, key] = (0, counted[code, "total", ""][1])
        self._insert_rows(report, self._figure_rows(report, counted, before, year_before))
        self.invalidate_model()

    @api.model
    def _figure_rows(self, report, counted, before, year_before):
        """The values of the figures in the order of `COLUMNS`."""
        labels = self._labels(report, counted)
        order = {code: index for index, code in enumerate(MEASURES)}
        rows = []
        for name, (numerator, denominator) in counted.items():
            code, dimension, key = name
            unit = MEASURES[code].unit
            value = rate(numerator, denominator, unit)
            rows.append(
                (
                    order[code],
                    *name,
                    json.dumps(labels[dimension, key], ensure_ascii=False),
                    unit,
                    numerator,
                    denominator,
                    numerator if MEASURES[code].denominator is None else denominator,
                    value or 0.0,
                    value is not None,
                    *self._compared(before, name),
                    *self._compared(year_before, name),
                )
            )
        return rows

    @api.model
    def _insert_rows(self, report, rows):
        """Store figures in one statement, whatever their number."""
        arrays = zip(COLUMNS.values(), zip(*rows, strict=True), strict=True)
        self.env.cr.execute(
            SQL(
                "INSERT INTO aftersales_monthly_figure (report_id, company_id, month, is_current, %s)"
                " SELECT %s, %s, %s, %s, rows.* FROM unnest(%s) AS rows",
                SQL(", ").join(map(SQL.identifier, COLUMNS)),
                report.id,
                report.company_id.id,
                report.month,
                report.is_current,
                SQL(", ").join(SQL("%s::%s[]", list(values), SQL(kind)) for kind, values in arrays),
            )
        )

    @api.model
    def _figures_of(self, report, month):
        """``{(measure, dimension, key): (value, n, is_defined)}`` of the store's report of another month, or None."""
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, dimension, key, value, n, is_defined FROM aftersales_monthly_figure"
                " WHERE company_id = %s AND month = %s AND is_current",
                report.company_id.id,
                month,
            )
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in rows} or None

    @api.model
    def _compared(self, figures, name):
        """(value, n, whether there is one) of the earlier report.

        A count that is missing there was zero, and so was a share, where there was anything to share. A day belongs to
        its own month: it has no earlier one.
        """
        measure, dimension, _key = name
        if figures is None or dimension == "day":
            return 0.0, 0, False
        if name in figures:
            return figures[name]
        if MEASURES[measure].unit == "count":
            return 0.0, 0, True
        whole = figures.get((SHARED_OUT.get(measure), "total", ""), (0.0, 0, False))[1]
        return 0.0, whole, bool(whole)

    @api.model
    def _labels(self, report, counted):
        """``{(dimension, key): {lang: name}}``: the names of today, frozen in every installed language."""
        keys = defaultdict(set)
        for _code, dimension, key in counted:
            keys[dimension].add(key)
        labels = {}
        for lang, _name in self.env["res.lang"].get_installed():
            env = self.with_context(lang=lang, active_test=False).sudo().env
            for dimension, names in self._labels_in(env, keys, report).items():
                for key in keys[dimension]:
                    name = names.get(key) or (env._("Not stated") if not key else key.removeprefix("name:"))
                    labels.setdefault((dimension, key), {})[lang] = name
        for names in labels.values():
            names.setdefault("en_US", next(iter(names.values())))
        return labels

    @api.model
    def _labels_in(self, env, keys, report):
        def records(dimension, model):
            ids = [int(key) for key in keys[dimension] if key.isdigit()]
            return {str(record.id): record.display_name for record in env[model].browse(ids).exists()}

        def selection(model, field):
            return dict(env[model]._fields[field]._description_selection(env))

        questions = env.execute_query(
            SQL(
                "SELECT question_key, MAX(question_id) FROM aftersales_monthly_base"
                " WHERE report_id = %s AND source = 'answer' GROUP BY question_key",
                report.id,
            )
        )
        users = {dimension: records(dimension, "res.users") for dimension in ("advisor", "agent")}
        return {
            "total": {"": env._("Total")},
            **users,
            "kind": selection("aftersales.callback", "kind"),
            "order_kind": selection("aftersales.repair.order", "kind"),
            "brand": records("brand", "fleet.vehicle.model.brand"),
            "level": selection("aftersales.complaint", "level"),
            "question": {key: env["aftersales.question"].browse(question).name for key, question in questions},
            "problem": records("problem", "aftersales.problem.category"),
            "score": {},
            "outcome": records("outcome", "aftersales.callback.outcome"),
            "day": {},
        }
