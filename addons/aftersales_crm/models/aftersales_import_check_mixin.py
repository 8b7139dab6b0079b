import tempfile
from collections import Counter

from odoo import fields, models
from odoo.tools import SQL

from ..importer.planner import SLOTS, ImportPlanner
from ..tools.time_limit import make_time_check
from .aftersales_import_batch_mixin import LINE_COLUMNS


class AftersalesImportCheckMixin(models.AbstractModel):
    """A check: the whole work of an import in a transaction that is taken back; only its lines are kept."""

    _name = "aftersales.import.check.mixin"
    _description = "DMS Import: Check"
    _inherit = ["aftersales.import.batch.mixin"]
    _protected_fields = frozenset({"rows_checked"})

    rows_checked = fields.Integer(
        readonly=True, copy=False, aggregator=None, help="How many rows a check has looked at, when not at all of them."
    )

    def _work_check(self, commit):
        """Do everything and take it back; keep what became of each row."""
        with tempfile.TemporaryFile() as spool:
            if commit:
                self._beat(0, 0)
                with self.env.registry.cursor() as cr:
                    tried = self.with_env(self.env(cr=cr))
                    result = tried._try(spool, self._beat)
                    cr.rollback()
            else:
                waiting = len(self.env.cr.postcommit._funcs)
                savepoint = self.env.cr.savepoint()
                try:
                    result = self._try(spool, None)
                finally:
                    savepoint.close(rollback=True)
                    # Nothing that was to follow the commit has happened
                    while len(self.env.cr.postcommit._funcs) > waiting:
                        self.env.cr.postcommit._funcs.pop()
                    self.env.invalidate_all(flush=False)
            if self.sudo().stop_ids:
                self._stop()
                return True
            spool.seek(0)
            columns = SQL(", ").join(map(SQL.identifier, LINE_COLUMNS))
            query = SQL("COPY aftersales_import_line (%s) FROM STDIN", columns)
            self.env.cr.copy_expert(query.code, spool)
        values, doubts = result
        self._write_protected(
            {**values, "state": "checked", "job": False, "date_checked": fields.Datetime.now(), "position": False}
        )
        self._write_protected(self._prepare_refused_values())
        if doubts:
            self.env["aftersales.import.doubt"]._add(self, doubts)
        self.invalidate_recordset(["line_ids"], flush=False)
        return True

    def _beat(self, done, total):
        """Tell how far a check has come, in a transaction of its own; tell whether to go on."""
        now = fields.Datetime.now()
        started = {} if done else {"date_started": now}
        self._write_protected({"rows_done": done, "row_count": total, "date_beat": now, **started})
        self.env["ir.cron"]._commit_progress()
        self.invalidate_recordset()
        return not self.sudo().stop_ids

    def _try(self, spool, beat):
        """Write the rows in this transaction, which the caller takes back.

        The import itself is not written: `beat` does, in a transaction that others see.

        :param spool: file for the lines, as COPY writes them
        :param beat: called with (rows done, rows in the file); it says whether to go on
        :return: (values of the import, doubts)
        """
        self._take_slot()
        limits = self._get_highest_ids()
        tally = Counter()
        is_over = make_time_check() if beat else lambda: False
        with self._open_reader() as reader:
            total, moment = self._survey(reader)
            planner = ImportPlanner(self, self.date_source or moment)
            rows, place = reader.rows(), [0, 0, 0]
            while True:
                batch, place = self._next_batch(rows, place)
                if not batch:
                    break
                lines = planner.run(batch)
                self._add_lines(lines)
                tally.update(self._tally(lines))
                self.env.flush_all()
                self.env.invalidate_all(flush=False)
                if beat and (not beat(tally["rows_done"], total) or is_over()):
                    break
        values = {**dict.fromkeys(self._get_count_fields(), 0), **tally, "row_count": total, **self._count_records()}
        values["rows_checked"] = tally["rows_done"] if tally["rows_done"] < total else 0
        doubts = self.env["aftersales.import.doubt"]._take_known(self, limits["partner_id"])
        self._spool_lines(spool, limits)
        return values, doubts

    def _get_highest_ids(self):
        """Return the highest id of each table that rows name: what is above is made by the rows, and vanishes again."""
        limits = {}
        for slot, _letter in SLOTS:
            name = f"{slot}_id"
            table = self.env[self.env["aftersales.import.line"]._fields[name].comodel_name]._table
            limits[name] = self.env.execute_query(SQL("SELECT coalesce(max(id), 0) FROM %s", SQL.identifier(table)))[0][
                0
            ]
        return limits

    def _spool_lines(self, spool, limits):
        columns = [
            f'CASE WHEN "{name}" <= {int(limits[name])} THEN "{name}" END' if name in limits else f'"{name}"'
            for name in LINE_COLUMNS
        ]
        self.env.cr.copy_expert(
            f"COPY (SELECT {', '.join(columns)} FROM aftersales_import_line WHERE import_id = {int(self.id)}"
            " ORDER BY row_number) TO STDOUT",
            spool,
        )
