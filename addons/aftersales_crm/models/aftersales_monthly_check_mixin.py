import hashlib
import json

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.measures import RECONCILED
from ..tools.sources import SOURCES


class AftersalesMonthlyCheckMixin(models.AbstractModel):
    """Whether the figures of a monthly report can be trusted: totals against parts, base and a new count; late entries.

    The fingerprint of the figures is what the signature binds.
    """

    _name = "aftersales.monthly.check.mixin"
    _description = "Monthly Report: Checks"
    _inherit = ["aftersales.protected.mixin"]

    _protected_fields = frozenset(
        {
            "figures_hash",
            "checks",
            "is_reconciled",
            "late_count",
            "date_checked",
        }
    )

    figures_hash = fields.Char("Fingerprint", readonly=True, copy=False, help="SHA-256 of all figures.")
    checks = fields.Json(readonly=True, copy=False)
    is_reconciled = fields.Boolean("Totals Agree", readonly=True, copy=False)
    check_text = fields.Text("Reconciliation", compute="_compute_check_text")
    late_count = fields.Integer(
        "Late Entries", readonly=True, copy=False, help="Records entered or changed since the report was written."
    )
    date_checked = fields.Datetime("Checked on", readonly=True, copy=False)

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("checks", "late_count")
    @api.depends_context("lang")
    def _compute_check_text(self):
        for report in self:
            report.check_text = "\n".join(report._check_lines())

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _hash_figures(self):
        """SHA-256 of what the figures say, whatever their names are today."""
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, dimension, key, numerator, denominator, n FROM aftersales_monthly_figure"
                ' WHERE report_id = %s ORDER BY measure COLLATE "C", dimension COLLATE "C", key COLLATE "C"',
                self.id,
            )
        )
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()

    def _run_checks(self):
        """Compare the figures with themselves, with the base and with the live records; keep what was found."""
        for report in self:
            checks = report._checks()
            report._write_protected(
                {
                    "checks": checks,
                    "is_reconciled": all(check["expected"] == check["found"] for check in checks),
                    "late_count": report._count_late(),
                    "date_checked": fields.Datetime.now(),
                }
            )

    def _checks(self):
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, dimension, SUM(numerator)::int FROM aftersales_monthly_figure WHERE report_id = %s"
                " AND measure IN %s GROUP BY measure, dimension",
                self.id,
                tuple(RECONCILED),
            )
        )
        sums = {(measure, dimension): total for measure, dimension, total in rows}
        parts = [
            {
                "code": "parts",
                "measure": measure,
                "dimension": dimension,
                "expected": sums.get((measure, "total"), 0),
                "found": sums.get((measure, dimension), 0),
            }
            for measure, dimensions in RECONCILED.items()
            for dimension in dimensions
        ]
        return parts + self._base_checks(sums.get(("due", "total"), 0), sums.get(("successful", "total"), 0))

    def _base_checks(self, due_figure, successful_figure):
        """The figures against the base that they were counted from."""
        due, made, called, completed, completed_unmade = self.env.execute_query(
            SQL(
                "SELECT COUNT(*) FILTER (WHERE in_base), COUNT(*) FILTER (WHERE in_base AND is_made),"
                " COUNT(*) FILTER (WHERE in_base AND is_called), COUNT(*) FILTER (WHERE in_base AND is_completed),"
                " COUNT(*) FILTER (WHERE in_base AND is_completed AND NOT is_made)"
                " FROM aftersales_monthly_base WHERE report_id = %s AND source = 'callback'",
                self.id,
            )
        )[0]
        differences = self._count_differences(self.env["aftersales.monthly.figure"]._count(self))
        return [
            {"code": "base_due", "expected": due, "found": due_figure},
            {"code": "made_called", "expected": called, "found": made},
            {"code": "completed_made", "expected": 0, "found": completed_unmade},
            {"code": "base_successful", "expected": completed, "found": successful_figure},
            {"code": "recount", "expected": 0, "found": differences},
        ]

    def _count_differences(self, counted):
        """Figures that the base does not give again today: none, unless somebody changed rows in the database."""
        rows = self.env.execute_query(
            SQL(
                "SELECT measure, dimension, key, numerator, denominator FROM aftersales_monthly_figure"
                " WHERE report_id = %s AND NOT (measure = 'problem_share' AND numerator = 0)",
                self.id,
            )
        )
        stored = {tuple(row[:3]): tuple(row[3:]) for row in rows}
        fresh = {
            name: values
            for name, values in counted.items()
            if name[0] != "problem_share" or values[0] or name in stored
        }
        return sum(stored.get(name) != fresh.get(name) for name in stored.keys() | fresh.keys())

    def _count_late(self):
        """Records of the month whose counting changed since the base was taken: what a revision would bring."""
        self.ensure_one()
        Base = self.env["aftersales.monthly.base"]
        self.env.flush_all()
        late = 0
        for source, (columns, _tail) in SOURCES.items():
            names = [name for name in ("in_base", "is_made", "is_completed", "score", "hit") if name in columns]
            _columns, rows = Base._source_rows(source, self)
            compared = SQL(", ").join(SQL.identifier(name) for name in ("res_id", *names))
            late += self.env.execute_query(
                SQL(
                    "SELECT COUNT(DISTINCT res_id) FROM ((SELECT %(names)s FROM (%(live)s) l EXCEPT SELECT %(names)s FROM"
                    " aftersales_monthly_base WHERE report_id = %(report)s AND source = %(source)s) UNION ALL"
                    " (SELECT %(names)s FROM aftersales_monthly_base WHERE report_id = %(report)s AND source = %(source)s"
                    " EXCEPT SELECT %(names)s FROM (%(live)s) l)) d",
                    names=compared,
                    live=rows,
                    report=self.id,
                    source=source,
                )
            )[0][0]
        return late

    def _check_lines(self):
        """What the checks found, in the reader's language."""
        checks = self.sudo().checks or []
        if not checks:
            return []
        lines = [self._check_line(check) for check in checks if check["expected"] != check["found"]]
        if not lines:
            lines.append(
                self.env._("All %(count)s checks agree: totals equal their parts and the base.", count=len(checks))
            )
        if self.late_count:
            lines.append(
                self.env._(
                    "%(count)s records were entered or changed since the report was written. A revision takes them in.",
                    count=self.late_count,
                )
            )
        return lines

    def _check_line(self, check):
        """What a check found that does not agree."""
        if check["code"] == "parts":
            Figure = self.env["aftersales.monthly.figure"]
            measures = dict(Figure._fields["measure"]._description_selection(self.env))
            dimensions = dict(Figure._fields["dimension"]._description_selection(self.env))
            return self.env._(
                "%(figure)s: the total is %(expected)s, the parts by %(dimension)s add up to %(found)s.",
                figure=measures[check["measure"]],
                dimension=dimensions[check["dimension"]],
                expected=check["expected"],
                found=check["found"],
            )
        texts = {
            "base_due": self.env._("Due: the base holds %(expected)s, the figure says %(found)s."),
            "base_successful": self.env._("Successful: the base holds %(expected)s, the figure says %(found)s."),
            "made_called": self.env._("Made: %(expected)s callbacks have an attempt, %(found)s count as made."),
            "completed_made": self.env._("%(found)s callbacks are successful without an attempt."),
            "recount": self.env._("%(found)s figures differ from a new count of the frozen base."),
        }
        return texts[check["code"]] % check
