from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..tools.corrective import WORKING, due_rungs


class AftersalesCorrectiveDeadlineMixin(models.AbstractModel):
    """The deadline of a corrective action: its extensions, the overdue ladder and the weekly digest.

    A deadline is a date that people sign, so that its ladder is a ledger (`aftersales.corrective.reminder`) and not a clock.
    """

    _name = "aftersales.corrective.deadline.mixin"
    _description = "Corrective Action: Deadline"
    _inherit = ["aftersales.approval.mixin"]

    _protected_fields = frozenset(
        {
            "date_first_deadline",
            "extension_date",
            "extension_reason",
            "extension_count",
        }
    )

    date_deadline = fields.Date("Deadline", required=True, tracking=True, index=True)
    date_first_deadline = fields.Date("First Deadline", copy=False, readonly=True)
    is_overdue = fields.Boolean("Overdue", compute="_compute_is_overdue", search="_search_is_overdue")
    extension_date = fields.Date("Extension Asked", copy=False, readonly=True)
    extension_reason = fields.Text("Reason of the Extension", copy=False, readonly=True)
    extension_count = fields.Integer("Extensions", copy=False, readonly=True)
    extension_pending = fields.Boolean("Extension Asked For", compute="_compute_extension_pending")

    # ------------------------------------------------------------
    # COMPUTES
    # ------------------------------------------------------------

    @api.depends("date_deadline", "state")
    def _compute_is_overdue(self):
        for action in self:
            today = action.company_id._aftersales_today() if action.company_id else fields.Date.today()
            late = action.date_deadline and action.date_deadline < today
            action.is_overdue = bool(late and action.state in WORKING)

    def _search_is_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("date_deadline", "<", self.env.company._aftersales_today()), ("state", "in", WORKING)]

    @api.depends("approval_ids.state")
    def _compute_extension_pending(self):
        for action in self:
            action.extension_pending = bool(action._approval_pending("extend"))

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_request_extension(self, date, reason):
        """Ask for a later deadline; the general manager decides.

        :param date date: the new deadline
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Give a reason."))
        date = fields.Date.to_date(date)
        for action in self:
            action._check_person(
                action.responsible_id | action.supervisor_id, self.env._("the responsible person and the supervisor")
            )
            if action.state not in ("signed", "in_progress"):
                raise UserError(self.env._("%s is not signed off or not at work.", action.display_name))
            if not date or date <= action.date_deadline:
                raise UserError(
                    self.env._(
                        "%(action)s: choose a date after %(date)s.",
                        action=action.display_name,
                        date=action.date_deadline,
                    )
                )
            if action._approval_pending("extend"):
                raise UserError(self.env._("%s waits for the decision on an extension already.", action.display_name))
            action_sudo = action.sudo()
            action_sudo._write_protected({"extension_date": date, "extension_reason": reason})
            action_sudo._approval_request("extend", note=reason)

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _get_due_rungs(self, today):
        self.ensure_one()
        company = self.company_id
        return due_rungs(
            self.date_deadline, today, company.aftersales_action_remind_days, company.aftersales_action_gm_days
        )

    def _filter_to_remind(self, today):
        """The actions with a rung that is due and not in the ledger."""
        groups = self.env["aftersales.corrective.reminder"]._read_group(
            [("action_id", "in", self.ids)], ["action_id", "rung", "date_due:day"]
        )
        climbed = {(action.id, rung, date) for action, rung, date in groups}
        return self.filtered(
            lambda a: any((a.id, rung, a.date_deadline) not in climbed for rung in a._get_due_rungs(today))
        )

    def _climb_ladder(self, today):
        """Send what is due; the ledger is read again under the lock."""
        self.ensure_one()
        domain = [("action_id", "=", self.id), ("date_due", "=", self.date_deadline)]
        done = self.env["aftersales.corrective.reminder"].search(domain).mapped("rung")
        for rung in self._get_due_rungs(today):
            if rung not in done:
                self._do_remind(rung)

    def _do_remind(self, rung):
        self.ensure_one()
        users = {
            "before": self.responsible_id,
            "overdue": self.responsible_id | self.supervisor_id,
            "gm": self.supervisor_id | self._get_gm_users(),
        }[rung]
        self.env["aftersales.corrective.reminder"].sudo()._create_protected(
            [
                {
                    "action_id": self.id,
                    "rung": rung,
                    "date_due": self.date_deadline,
                    "user_ids": [fields.Command.set(users.ids)],
                }
            ]
        )
        self._aftersales_tell(users, lambda action: (action._reminder_subject(rung), action._reminder_body()))
        for user in users:
            self.activity_schedule(
                "aftersales_crm.mail_act_aftersales_deadline",
                date_deadline=self.date_deadline,
                user_id=user.id,
                summary=self.with_context(lang=user.lang)._reminder_subject(rung),
            )

    def _reminder_subject(self, rung):
        values = {"action": self.display_name, "date": format_date(self.env, self.date_deadline)}
        if rung == "before":
            return self.env._("%(action)s is due on %(date)s", **values)
        return self.env._("%(action)s is overdue since %(date)s", **values)

    def _reminder_body(self):
        return self.env._("Next step: %(step)s (%(who)s).", step=self.next_step, who=self.next_who)

    @api.model
    def _send_digest(self, company, today):
        domain = [("company_id", "=", company.id), ("state", "not in", ("closed", "cancelled"))]
        actions = self.sudo().with_company(company).search(domain)
        if not actions:
            return
        late = actions.filtered(lambda a: a.state in WORKING and a.date_deadline < today)
        repeated = actions.filtered(lambda a: a.round > 1)
        for user in actions[0]._get_gm_users():
            translated = self.with_context(lang=user.lang)
            self.env["mail.thread"].message_notify(
                partner_ids=user.partner_id.ids,
                subject=translated.env._("Corrective actions of %s", company.name),
                body=translated._render_digest(actions, late, repeated),
            )

    def _render_digest(self, actions, late, repeated):
        parts = (
            (self.env._("Open: %s", len(actions)), actions),
            (self.env._("Late: %s", len(late)), late),
            (self.env._("In another round because the first had no effect: %s", len(repeated)), repeated),
        )
        lines = Markup()
        for title, records in parts:
            items = Markup().join(
                Markup("<li>%s: %s, %s</li>") % (a.display_name, a.responsible_id.name, a.date_deadline)
                for a in records[:20]
            )
            lines += Markup("<p><b>%s</b></p><ul>%s</ul>") % (title, items)
        return lines

    # ------------------------------------------------------------
    # CRON
    # ------------------------------------------------------------

    @api.model
    def _cron_overdue(self):
        """Climb the overdue ladder: before the deadline, overdue, general manager. Each rung once a deadline.

        A rung that is due and not in the ledger is climbed whenever this runs next, so that an outage loses none.
        """
        for company in self.env["res.company"].search([("resource_calendar_id", "!=", False)]):
            today = company._aftersales_today()
            domain = [
                ("company_id", "=", company.id),
                ("state", "in", WORKING),
                ("date_deadline", "<=", today + timedelta(days=company.aftersales_action_remind_days)),
            ]
            todo = self.sudo().search(domain)._filter_to_remind(today)
            self.env["ir.cron"]._commit_progress(remaining=len(todo))
            for action in todo:
                action = action.try_lock_for_update().filtered_domain(domain)
                if action:
                    action._climb_ladder(today)
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    @api.model
    def _cron_weekly_digest(self):
        """Send the general managers the open, late and ineffective actions of their store, once a week."""
        for company in self.env["res.company"].search([("resource_calendar_id", "!=", False)]):
            today = company._aftersales_today()
            last = company.aftersales_digest_date
            if last and today - last < timedelta(days=7):
                continue
            self._send_digest(company, today)
            company.sudo().aftersales_digest_date = today
