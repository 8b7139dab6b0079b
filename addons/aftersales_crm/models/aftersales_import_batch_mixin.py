from collections import Counter

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools import bulk

# Rows that are planned, written and committed together
BATCH = 1000
# After how many batches PostgreSQL looks at the tables anew; later on its own autovacuum keeps up
ANALYZED_AFTER = frozenset(4**power for power in range(6))
# The models whose tables grow with the rows
WRITTEN = (
    *("res.partner", "aftersales.vehicle", "aftersales.vehicle.ownership", "aftersales.vehicle.document"),
    *("aftersales.vehicle.odometer", "aftersales.repair.order", "aftersales.repair.order.line"),
    "aftersales.import.line",
)
LINE_COLUMNS = (
    *("import_id", "company_id", "row_number", "result", "order_number", "vehicle_number", "customer_name", "reason"),
    *("note", "has_note", "changes", "marks", "raw", "order_id", "vehicle_id", "partner_id", "brought_by_id"),
)
# Records of a row: (field of the line, letter of its mark, prefix of the counters)
_COUNTED = (("order_id", "o", "order"), ("vehicle_id", "v", "vehicle"), ("partner_id", "p", "partner"))


class ImportBusy(Exception):
    """Another worker has a batch of this store in hand."""


class AftersalesImportBatchMixin(models.AbstractModel):
    """A batch of rows: its turn, its rows, its lines and its progress, all in one transaction.

    Two workers never have two batches of one store at the same time (`aftersales.import.slot`).
    """

    _name = "aftersales.import.batch.mixin"
    _description = "DMS Import: Batches"
    _inherit = ["aftersales.protected.mixin"]
    _protected_fields = frozenset({"position", "rows_done", "date_started", "date_beat"})

    position = fields.Json(readonly=True, copy=False, help="Where the next batch begins.")
    rows_done = fields.Integer(readonly=True, copy=False, aggregator=None)
    date_started = fields.Datetime(readonly=True, copy=False)
    date_beat = fields.Datetime(readonly=True, copy=False)

    def _take_slot(self):
        """Take the one slot of the store, until the end of the transaction.

        A batch of another worker that was committed since the snapshot of this transaction makes PostgreSQL refuse with a
        serialization failure: no batch is ever planned on what is no longer so.

        :raises ImportBusy: when a batch of the store is in other hands
        """
        cr = self.env.cr
        cr.execute(
            "INSERT INTO aftersales_import_slot (company_id, turn) SELECT %s, 0"
            " WHERE NOT EXISTS (SELECT FROM aftersales_import_slot WHERE company_id = %s) ON CONFLICT DO NOTHING",
            [self.company_id.id, self.company_id.id],
        )
        cr.execute(
            "SELECT id FROM aftersales_import_slot WHERE company_id = %s FOR NO KEY UPDATE SKIP LOCKED",
            [self.company_id.id],
        )
        row = cr.fetchone()
        if not row:
            raise ImportBusy
        cr.execute("UPDATE aftersales_import_slot SET turn = turn + 1 WHERE id = %s", row)

    def _next_batch(self, rows, place):
        """Return the next rows of data, and the place behind them."""
        batch = []
        for number, values, position in rows:
            place = list(position)
            if self._is_data(number, values):
                batch.append((number, values))
                if len(batch) == BATCH:
                    break
        return batch, place

    def _write_batch(self, planner, batch, place):
        lines = planner.run(batch)
        self._add_lines(lines)
        now = fields.Datetime.now()
        self._write_protected(
            {
                **{name: self[name] + count for name, count in self._tally(lines).items()},
                "position": place,
                "date_started": self.date_started or now,
                "date_beat": now,
            }
        )
        self.env.flush_all()
        if len(batch) == BATCH and self.rows_done // BATCH in ANALYZED_AFTER:
            bulk.refresh_statistics(self.env, WRITTEN)

    @api.model
    def _tally(self, lines):
        counts = Counter(f"count_{vals['result']}" for vals in lines)
        counts["count_note"] = sum(vals["has_note"] for vals in lines)
        counts["rows_done"] = len(lines)
        return counts

    def _add_lines(self, lines):
        head = {"import_id": [self.id] * len(lines), "company_id": [self.company_id.id] * len(lines)}
        columns = {name: [vals.get(name) for vals in lines] for name in LINE_COLUMNS}
        bulk.copy_columns(self.env, "aftersales_import_line", columns | head)

    def _delete_lines(self):
        self.env.cr.execute("DELETE FROM aftersales_import_line WHERE import_id = ANY(%s)", [self.ids])
        self.invalidate_recordset(["line_ids"], flush=False)

    def _count_records(self):
        """Return how many records of each kind the rows have made and changed, each counted once."""
        columns = []
        for name, letter, prefix in _COUNTED:
            made = SQL("bool_or(strpos(marks, %s) > 0)", letter.upper())
            changed = SQL("bool_or(strpos(marks, %s) > 0)", letter)
            columns.append(
                SQL(
                    "SELECT %(prefix)s, count(*) FILTER (WHERE made), count(*) FILTER (WHERE changed AND NOT made) FROM ("
                    "SELECT %(made)s AS made, %(changed)s AS changed FROM aftersales_import_line"
                    " WHERE import_id = %(id)s AND marks IS NOT NULL GROUP BY %(name)s) touched",
                    prefix=prefix,
                    made=made,
                    changed=changed,
                    id=self.id,
                    name=SQL.identifier(name),
                )
            )
        rows = self.env.execute_query(SQL(" UNION ALL ").join(columns))
        counts = {}
        for prefix, made, changed in rows:
            counts.update({f"{prefix}_created": made, f"{prefix}_updated": changed})
        return counts
