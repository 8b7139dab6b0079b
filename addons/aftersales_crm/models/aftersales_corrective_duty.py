from odoo import api, fields, models
from odoo.tools import SQL


class AftersalesCorrectiveDuty(models.Model):
    """Who owes what until when: the open measures of signed actions, and the next step of each open action.

    A view of the database: nothing is stored, and whoever may not read an action does not see its duties.
    """

    _name = "aftersales.corrective.duty"
    _description = "Duty of a Corrective Action"
    _order = "date_until, id"
    _auto = False
    _depends = {
        "aftersales.corrective.action": [
            "company_id",
            "create_uid",
            "date_deadline",
            "date_effect_due",
            "extension_date",
            "name",
            "proposed_by_id",
            "responsible_id",
            "round",
            "state",
            "supervisor_id",
        ],
        "aftersales.corrective.measure": ["action_id", "date_deadline", "date_done", "name", "responsible_id", "round"],
        "aftersales.approval": ["purpose", "res_id", "res_model", "state"],
    }

    user_id = fields.Many2one("res.users", "Who", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    action_id = fields.Many2one("aftersales.corrective.action", readonly=True)
    measure_id = fields.Many2one("aftersales.corrective.measure", readonly=True)
    duty = fields.Selection(
        [
            ("submit", "Submit"),
            ("sign", "Sign off or return"),
            ("extend", "Decide on the extension"),
            ("start", "Start the work"),
            ("measure", "Carry out the measure"),
            ("work", "Carry out the measures and report"),
            ("verify", "Verify the effect"),
            ("close", "Close and report"),
        ],
        "What",
        readonly=True,
    )
    name = fields.Char("About", readonly=True)
    date_until = fields.Date("Until", readonly=True)
    is_late = fields.Boolean("Late", compute="_compute_is_late", search="_search_is_late")

    @property
    def _table_query(self):
        """The general manager who signs is, of several in a store, the one who is there the longest."""
        gm = self.env.ref("aftersales_crm.group_aftersales_gm", raise_if_not_found=False)
        return SQL(
            """
            WITH boss AS (
                SELECT c.cid AS company_id, MIN(u.id) AS user_id
                  FROM res_users u
                  JOIN res_groups_users_rel g ON g.uid = u.id AND g.gid = %(gm)s
                  JOIN res_company_users_rel c ON c.user_id = u.id
                 WHERE u.active
                 GROUP BY c.cid
            ), step AS (
                SELECT a.id AS action_id, a.company_id, a.name,
                       CASE a.state WHEN 'draft' THEN COALESCE(a.proposed_by_id, a.create_uid)
                                    WHEN 'submitted' THEN boss.user_id
                                    WHEN 'signed' THEN a.responsible_id
                                    WHEN 'in_progress' THEN a.responsible_id
                                    ELSE a.supervisor_id END AS user_id,
                       CASE a.state WHEN 'draft' THEN 'submit'
                                    WHEN 'submitted' THEN 'sign'
                                    WHEN 'signed' THEN 'start'
                                    WHEN 'in_progress' THEN 'work'
                                    WHEN 'done' THEN 'verify'
                                    ELSE 'close' END AS duty,
                       CASE WHEN a.state IN ('signed', 'in_progress', 'submitted', 'draft') THEN a.date_deadline
                            WHEN a.state = 'done' THEN a.date_effect_due END AS date_until
                  FROM aftersales_corrective_action a
                  LEFT JOIN boss ON boss.company_id = a.company_id
                 WHERE a.state NOT IN ('closed', 'cancelled')
            )
            SELECT action_id * 4 AS id, user_id, company_id, action_id, NULL::int AS measure_id, duty, name, date_until
              FROM step
            UNION ALL
            SELECT a.id * 4 + 1, boss.user_id, a.company_id, a.id, NULL, 'extend', a.name, a.date_deadline
              FROM aftersales_corrective_action a
              LEFT JOIN boss ON boss.company_id = a.company_id
             WHERE EXISTS (SELECT FROM aftersales_approval p WHERE p.res_model = 'aftersales.corrective.action'
                              AND p.res_id = a.id AND p.purpose = 'extend' AND p.state = 'pending')
            UNION ALL
            SELECT m.id * 4 + 2, m.responsible_id, a.company_id, a.id, m.id, 'measure', m.name, m.date_deadline
              FROM aftersales_corrective_measure m
              JOIN aftersales_corrective_action a ON a.id = m.action_id AND a.round = m.round
             WHERE m.date_done IS NULL AND a.state IN ('signed', 'in_progress')
            """,
            gm=gm.id if gm else 0,
        )

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_until")
    def _compute_is_late(self):
        for duty in self:
            company = duty.company_id or self.env.company
            duty.is_late = bool(duty.date_until and duty.date_until < company._aftersales_today())

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("date_until", "<", self.env.company._aftersales_today())]

    @api.depends("duty", "name")
    def _compute_display_name(self):
        duties = dict(self._fields["duty"]._description_selection(self.env))
        for duty in self:
            duty.display_name = f"{duties.get(duty.duty, '')}: {duty.name}"

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_open(self):
        """Open the action, where the step is taken."""
        self.ensure_one()
        return self.action_id._get_records_action()
