from datetime import datetime, timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.forecast import expected_count, expected_rate
from ..tools.measures import FILTER_COLUMNS, MEASURES, part_condition, part_source, rate
from .aftersales_monthly_base import SOURCE_MODELS
from .aftersales_monthly_counting_mixin import COLUMNS

GROUPS = ("crc", "gm", "admin")
TREND_MONTHS = 13
TREND = ("made_rate", "success_rate", "satisfied_rate", "handled_in_time", "first_time_fix", "connect_rate")
HEADLINE = (
    "due",
    "made_rate",
    "success_rate",
    "satisfied_rate",
    "connect_rate",
    "complaints",
    "complaints_per_100",
    "handled_in_time",
    "first_time_fix",
    "overdue_measures",
)
# Of what comes evenly with the working time; what a window of 30 or 90 days decides is known beforehand
FORECAST = (
    "due",
    "made",
    "made_rate",
    "successful",
    "success_rate",
    "satisfied_rate",
    "attempts",
    "connect_rate",
    "complaints",
    "complaints_per_100",
    "handled_in_time",
    "problems",
)
HEAT_AGENTS = 30


class AftersalesMonthlyDashboardMixin(models.AbstractModel):
    """The page of a month: that of the running month, counted now, and that of a written report, as frozen.

    Everything that it shows carries the *cell* it stands for: ``{measure, part, keys}``, by which `open_cell` opens
    exactly the records that were counted.
    """

    _name = "aftersales.monthly.dashboard.mixin"
    _description = "Monthly Report: Dashboard"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    @api.model
    def get_dashboard(self, report_id=None, company_id=None):
        """All that the page shows, as plain values in the reader's language.

        :param int report_id: a written report; without it the running month is counted
        :param int company_id: the store of the running month, by default the current one
        :raise AccessError: for who reads no reports, and for other stores
        """
        report = self._dashboard_report(report_id, company_id)
        return report._dashboard_values()

    @api.model
    def open_cell(self, cell, report_id=None, company_id=None):
        """Open exactly the records behind something that the page shows.

        :param dict cell: ``measure``; ``part`` (``numerator`` or ``denominator``); ``keys``: ``{dimension: key}``
        :return: action of the client
        """
        report = self._dashboard_report(report_id, company_id)
        return report._open_cell(cell)

    def action_open_dashboard(self):
        """Open the page of this report."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.actions"]._for_xml_id("aftersales_crm.aftersales_dashboard_action")
        return {**action, "name": self.display_name, "params": {"report_id": self.id}}

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    def _dashboard_report(self, report_id, company_id):
        """The report that the page is about; not stored where it is the running month."""
        if not any(self.env.user.has_group(f"aftersales_crm.group_aftersales_{name}") for name in GROUPS):
            raise AccessError(
                self.env._("The figures of the store are for consultants, managers and the general manager.")
            )
        if report_id:
            report = self.browse(int(report_id)).exists()
            if not report:
                raise UserError(self.env._("This report does not exist."))
            report.check_access("read")
            return report
        company = self.env["res.company"].browse(int(company_id)) if company_id else self.env.company
        if company not in self.env.companies:
            raise AccessError(self.env._("You do not work for this store."))
        company = company.sudo()
        today = company._aftersales_today()
        # So far: what is due later is not due yet, and what has time until tomorrow is not late
        so_far = {"date_to": today, "moment_to": fields.Datetime.now() + timedelta(seconds=1)}
        return self.new({**self._month_values(company, today.replace(day=1)), **so_far})

    def _all_figures(self):
        """The figures of the month: as written, or counted now (records that are not stored)."""
        self.ensure_one()
        Figure = self.env["aftersales.monthly.figure"]
        if self.id:
            return Figure.search([("report_id", "=", self.id)])
        self.env.flush_all()
        counted, before, year_before = Figure._count_compared(self)
        rows = Figure._figure_rows(self, counted, before, year_before, languages=[self.env.lang or "en_US"])
        ids = []
        for row in rows:
            values = dict(zip(COLUMNS, row, strict=True))
            label = values["label"].get(self.env.lang) or values["label"]["en_US"]
            ids.append(Figure.new({**values, "label": label, "month": self.month}).id)
        # As a search gives them
        return Figure.browse(ids).sorted(
            lambda row: (row.sequence, row.dimension, -row.denominator, -row.numerator, row.key)
        )

    def _dashboard_values(self):
        self.ensure_one()
        values = self._document_values()
        figures = values["figures"]
        totals = {figure.measure: figure for figure in figures if figure.dimension == "total"}
        forecast = {} if self.id else self._forecast(totals)
        company = self.company_id.sudo()
        return {
            "report_id": self.id or False,
            "company_id": company.id,
            "company": company.name,
            "stores": [{"id": store.id, "name": store.name} for store in self.env.companies],
            "month": values["month_name"],
            "months": self._dashboard_months(company),
            "state": values["state_name"] if self.id else False,
            "is_current": not self.id or self.is_current,
            "revision": self.revision if self.id else 0,
            "revision_reason": self.revision_reason or "",
            "written": values["written"] if self.id else False,
            "as_of": False if self.id else fields.Datetime.to_string(fields.Datetime.now()),
            "progress": False if self.id else round(100 * float(self._progress())),
            "check_lines": values["check_lines"] if self.id else [],
            "is_reconciled": not self.id or self.is_reconciled,
            "headline": [
                {**self._cell(totals[name], values), "forecast": forecast.get(name)}
                for name in HEADLINE
                if name in totals
            ],
            "funnel": [
                {**self._cell(totals[name], values), "width": width, "forecast": forecast.get(name)}
                for name, (_figure, width) in zip(("due", "made", "successful"), values["funnel"], strict=True)
            ],
            "scores": [
                {
                    "score": score,
                    **(
                        self._cell(figure, values)
                        if figure
                        else {"value": values["score_blank"], "number": 0, "numerator": 0}
                    ),
                }
                for score, figure in values["score_rows"]
            ],
            "questions": [self._cell(figure, values) for figure in values["questions"]],
            "pareto": self._pareto(values),
            "timeliness": self._timeliness(figures, values),
            "heat": self._heat_map(),
            "tables": [
                {
                    "name": name,
                    "columns": [values["names"][column] for column in columns],
                    "rows": [
                        {
                            "label": label,
                            "cells": [
                                self._cell(figure, values) if figure else {"value": values["blank"](columns[index])}
                                for index, figure in enumerate(cells)
                            ],
                        }
                        for label, cells in rows
                    ],
                }
                for name, columns, rows in values["tables"]
            ],
            "trend": self._trend_lines(totals, values["names"]),
            "actions": self._readable_actions(values["closed_actions"]),
            "analysis": self.quality_analysis if self.id else False,
        }

    def _cell(self, figure, values):
        """One figure as the page shows it, with what a click on it opens."""
        return {
            "measure": figure.measure,
            "name": values["names"][figure.measure],
            "label": figure.label or values["names"][figure.measure],
            "value": figure.value_text,
            "number": figure.value if figure.is_defined else False,
            "numerator": figure.numerator,
            "denominator": figure.denominator,
            "n": figure.n,
            "unit": figure.unit,
            "change": figure.change_text,
            "previous": figure.previous_text,
            "tone": self._tone(figure),
            "change_year": figure.change_year_text,
            "last_year": figure.last_year_text,
            "cell": {
                "measure": figure.measure,
                "part": "numerator",
                "keys": {} if figure.dimension == "total" else {figure.dimension: figure.key},
            },
        }

    def _pareto(self, values):
        """Problems, the most frequent first, with the share that they and all before them have."""
        problems = values["problems"].filtered("numerator")
        whole = sum(problems.mapped("numerator"))
        rows, sofar = [], 0
        for figure in problems:
            sofar += figure.numerator
            rows.append({**self._cell(figure, values), "cumulative": round(100 * sofar / whole, 1)})
        return rows

    def _timeliness(self, figures, values):
        """Handling by level: met, breached, and what still runs and is late."""
        levels = {}
        for figure in figures:
            if figure.dimension == "level" and figure.measure in ("handled_in_time", "handling_late"):
                levels.setdefault(figure.key, {})[figure.measure] = figure
        rows = []
        for key in ("urgent", "important", "general", ""):
            if key not in levels:
                continue
            done, late = levels[key].get("handled_in_time"), levels[key].get("handling_late")
            met, ended = (done.numerator, done.denominator) if done else (0, 0)
            parts = [
                {"kind": "met", "count": met, "cell": {"measure": "handled_in_time", "part": "numerator", "keys": {"level": key}}},
                {"kind": "breached", "count": ended - met, "cell": {"measure": "handled_in_time", "part": "rest", "keys": {"level": key}}},
                {"kind": "late", "count": late.numerator if late else 0, "cell": {"measure": "handling_late", "part": "numerator", "keys": {"level": key}}},
            ]  # fmt: skip
            whole = sum(part["count"] for part in parts)
            if whole:
                rows.append(
                    {
                        "label": (done or late).label,
                        "value": done.value_text if done else values["dash"],
                        "n": ended,
                        "parts": [{**part, "width": 100 * part["count"] / whole} for part in parts],
                    }
                )
        return rows

    def _heat_map(self):
        """Calls by agent and weekday, with the share that reached the customer: one statement."""
        rows = self.env.execute_query(
            SQL(
                "SELECT user_id, EXTRACT(ISODOW FROM day)::int, COUNT(*), COUNT(*) FILTER (WHERE hit) FROM %s AS base"
                " WHERE source = 'attempt' GROUP BY 1, 2",
                self.env["aftersales.monthly.base"]._rows_of(self, ("attempt",)),
            )
        )
        counts = {}
        for user, weekday, calls, reached in rows:
            counts.setdefault(user, {})[weekday] = (calls, reached)
        busiest = sorted(counts, key=lambda user: (-sum(calls for calls, _hit in counts[user].values()), user or 0))
        agents = self.env["res.users"].sudo().with_context(active_test=False).browse([user for user in busiest if user])
        names = {user.id: user.name for user in agents}
        top = max((calls for cells in counts.values() for calls, _hit in cells.values()), default=0)
        weekdays = [day for day in range(1, 8) if day < 6 or any(day in cells for cells in counts.values())]
        return {
            "weekdays": weekdays,
            "rows": [
                {
                    "label": names.get(user) or self.env._("Not stated"),
                    "cells": [
                        {
                            "calls": counts[user].get(day, (0, 0))[0],
                            "share": rate(*reversed(counts[user].get(day, (0, 0))), "percent"),
                            "heat": round(counts[user].get(day, (0, 0))[0] / top, 2) if top else 0,
                            "cell": {
                                "measure": "attempts",
                                "part": "numerator",
                                "keys": {"agent": str(user or ""), "weekday": str(day)},
                            },
                        }
                        for day in weekdays
                    ],
                }
                for user in busiest[:HEAT_AGENTS]
            ],
        }

    def _trend_lines(self, totals, names):
        """Thirteen months of the main rates; the last point is this month's."""
        months = [self._month_before(back) for back in reversed(range(TREND_MONTHS))]
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, month, value, n, report_id FROM aftersales_monthly_figure WHERE company_id = %s"
                " AND measure IN %s AND dimension = 'total' AND is_current AND is_defined AND month BETWEEN %s AND %s",
                self.company_id.id,
                TREND,
                months[0],
                months[-2],
            )
        )
        points = {(measure, month): (value, n, report) for measure, month, value, n, report in rows}
        for name in TREND:
            if name in totals and totals[name].is_defined:
                points[name, self.month] = (totals[name].value, totals[name].n, self.id or False)
        return {
            "months": [f"{month:%y-%m}" for month in months],
            "lines": [
                {
                    "code": name,
                    "name": names[name],
                    "points": [
                        {"index": index, "value": found[0], "n": found[1], "report_id": found[2]}
                        for index, month in enumerate(months)
                        if (found := points.get((name, month)))
                    ],
                }
                for name in TREND
            ],
        }

    @api.model
    def _dashboard_months(self, company):
        """The reports of the store that the page can show, the latest first."""
        reports = self.search([("company_id", "=", company.id), ("is_current", "=", True)], limit=37)
        return [{"report_id": report.id, "name": report._month_name()} for report in reports]

    # ------------------------------------------------------------
    # FORECAST
    # ------------------------------------------------------------

    def _progress(self):
        """Share of the month's working time that has passed by the store's calendar."""
        company = self.company_id.sudo()
        month_after = self.month + relativedelta(months=1)
        worktime = company._aftersales_worktime(self.month, month_after)
        if not worktime.total:
            return Fraction(self.date_to.day, (month_after - self.month).days)
        now = int((fields.Datetime.now() - datetime(1970, 1, 1)).total_seconds())
        return Fraction(worktime.position(now), worktime.total)

    def _forecast(self, totals):
        """What the running month will come to: ``{measure: text}``. The rule is in `tools/forecast.py`."""
        gone = self._progress()
        before = self._counts_before()
        known = self._due_ahead()

        def count(measure, part):
            # What is counted out of all that are due has a plan
            sure = known if getattr(MEASURES[measure], part) == "in_base" else 0
            return expected_count(totals[measure][part], gone, before.get((measure, part)), sure)

        result = {}
        for measure in FORECAST:
            figure = totals.get(measure)
            if not figure:
                continue
            value = count(measure, "numerator")
            if figure.unit != "count":
                pair = (value, count(measure, "denominator"))
                pair = expected_rate(*pair) if figure.unit == "percent" else pair
                value = rate(*pair, figure.unit) if pair and None not in pair else None
            result[measure] = figure._format_value(value, value is not None)
        return result

    def _counts_before(self):
        """Numerators and denominators of the last month's report, or nothing when there is none."""
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, numerator, denominator FROM aftersales_monthly_figure WHERE company_id = %s"
                " AND month = %s AND is_current AND dimension = 'total'",
                self.company_id.id,
                self._month_before(1),
            )
        )
        return {
            (measure, part): value
            for measure, numerator, denominator in rows
            for part, value in (("numerator", numerator), ("denominator", denominator))
        }

    def _due_ahead(self):
        """Callbacks of the whole month that are entered by now: plans are made ahead."""
        return (
            self.env["aftersales.callback"]
            .sudo()
            .search_count(
                [
                    ("company_id", "=", self.company_id.id),
                    ("date_due", ">=", self.month),
                    ("date_due", "<", self.month + relativedelta(months=1)),
                    "|",
                    ("state", "!=", "cancelled"),
                    ("cancel_reason", "in", (False, "other")),
                ]
            )
        )

    # ------------------------------------------------------------
    # OPENING
    # ------------------------------------------------------------

    def _open_cell(self, cell):
        measure, part = cell.get("measure"), cell.get("part") or "numerator"
        keys = {str(name): str(key) for name, key in (cell.get("keys") or {}).items()}
        if (
            measure not in MEASURES
            or part not in ("numerator", "denominator", "rest")
            or not keys.keys() <= FILTER_COLUMNS.keys()
        ):
            raise UserError(self.env._("There is no such figure."))
        if part != "numerator" and MEASURES[measure].denominator is None:
            raise UserError(self.env._("This figure is a plain count: it is not out of anything."))
        if part == "rest" and part_source(measure, "denominator") != part_source(measure, "numerator"):
            raise UserError(self.env._("There is no such figure."))
        model = SOURCE_MODELS[part_source(measure, "numerator" if part == "rest" else part)]
        self.env[model].check_access("read")
        ids = self._cell_ids(measure, part, keys)
        names = dict(self.env["aftersales.monthly.figure"]._fields["measure"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": f"{names[measure]} · {self._month_name()}",
            "res_model": model,
            "domain": [("id", "in", ids)],
            "views": [(False, "list"), (False, "form")],
            "context": {"create": False, "active_test": False},
        }

    def _cell_ids(self, measure, part, keys):
        """Ids of the records of a cell; the rest of a figure is what it is out of and does not count."""
        self.env.flush_all()
        source = part_source(measure, "numerator" if part == "rest" else part)
        condition, parameters = part_condition(measure, "denominator" if part == "rest" else part, keys)
        if part == "rest":
            counted, _keys = part_condition(measure, "numerator", {})
            condition = f"{condition} AND NOT COALESCE({counted}, FALSE)"
        rows = self.env["aftersales.monthly.base"]._rows_of(self, (source,))
        query = SQL(
            "SELECT res_id FROM %s AS base WHERE source = %s AND %s ORDER BY res_id",
            rows,
            source,
            SQL(condition, *parameters),
        )
        return [row[0] for row in self.env.execute_query(query)]

    # ------------------------------------------------------------
    # CLOSED ACTIONS
    # ------------------------------------------------------------

    def _closed_actions(self):
        """The corrective and preventive actions that were closed in the month, each with its effect in a sentence."""
        rows = self.env["aftersales.monthly.base"]._rows_of(self, ("action",))
        found = self.env.execute_query(
            SQL("SELECT res_id, hit FROM %s AS base WHERE source = 'action' ORDER BY res_id", rows)
        )
        actions = self.env["aftersales.corrective.action"].sudo().with_context(active_test=False)
        actions = actions.browse([row[0] for row in found]).exists()
        effective = dict(found)
        return [
            {
                "id": action.id,
                "name": action.display_name,
                "kind": action._selection_label("kind"),
                "responsible": action.responsible_id.name or "",
                "effective": bool(effective[action.id]),
                "effect": action._get_effect_sentence(),
            }
            for action in actions
        ]

    @api.model
    def _readable_actions(self, actions):
        """Of the closed actions, those that the reader may open: a record rule may hide one about the reader."""
        records = self.env["aftersales.corrective.action"].browse([action["id"] for action in actions])
        readable = set(records._filtered_access("read").ids)
        return [action for action in actions if action["id"] in readable]
