import json
from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from ..tools.measures import DIMENSION_COLUMNS, FAMILIES, MEASURES, SCORES, SHARED_OUT, family_measures, rate

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


class AftersalesMonthlyCountingMixin(models.AbstractModel):
    """How the figures of a month are counted, named, compared and stored.

    A month is a report: a written one is counted from its frozen base; one that is not stored (``new``) is the running
    month, counted from the live rows of the same sources by the same statements.
    """

    _name = "aftersales.monthly.counting.mixin"
    _description = "Monthly Figures: Counting"

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _count(self, report):
        """Count a report's base, or the live rows of a running month: one statement for each family of sources.

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
                "SELECT GROUPING(%(names)s), %(keys)s, %(aggregates)s FROM %(rows)s AS base"
                " GROUP BY GROUPING SETS (%(sets)s)",
                names=names,
                keys=SQL(", ").join(SQL("%s::text", SQL.identifier(name)) for name in columns),
                aggregates=SQL(", ").join(SQL(code) for code in aggregates),
                rows=self.env["aftersales.monthly.base"]._rows_of(report, family),
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
        self._insert_rows(report, self._figure_rows(report, *self._count_compared(report)))
        self.invalidate_model()

    @api.model
    def _count_compared(self, report):
        """What is counted, and the figures of the month before and of the same month a year before."""
        counted = self._count(report)
        before = self._figures_of(report, report._month_before(1))
        year_before = self._figures_of(report, report._month_before(12))
        # A problem that has vanished is news: it stays in the table with a zero
        for (code, dimension, key), (value, _n, _defined) in (before or {}).items():
            if (code, dimension) == ("problem_share", "problem") and value and (code, dimension, key) not in counted:
                counted[code, dimension, key] = (0, counted[code, "total", ""][1])
        return counted, before, year_before

    @api.model
    def _figure_rows(self, report, counted, before, year_before, languages=None):
        """The values of the figures in the order of `COLUMNS`; labels as ``{language: name}``.

        :param languages: codes of the languages wanted, by default all that are installed
        """
        labels = self._labels(report, counted, languages)
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
                    labels[dimension, key],
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
        label = list(COLUMNS).index("label")
        rows = [(*row[:label], json.dumps(row[label], ensure_ascii=False), *row[label + 1 :]) for row in rows]
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
    def _labels(self, report, counted, languages=None):
        """``{(dimension, key): {lang: name}}``: the names of today, frozen in every installed language."""
        keys = defaultdict(set)
        for _code, dimension, key in counted:
            keys[dimension].add(key)
        labels = {}
        for lang in languages or [code for code, _name in self.env["res.lang"].get_installed()]:
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
                "SELECT question_key, MAX(question_id) FROM %s AS base WHERE source = 'answer' GROUP BY question_key",
                self.env["aftersales.monthly.base"]._rows_of(report, ("answer",)),
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
            "case_kind": records("case_kind", "aftersales.complaint.kind"),
            "question": {key: env["aftersales.question"].browse(question).name for key, question in questions},
            "problem": records("problem", "aftersales.problem.category"),
            "score": {},
            "outcome": records("outcome", "aftersales.callback.outcome"),
            "day": {},
        }
