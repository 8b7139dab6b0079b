import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

#: What a script may name. Filled in for one call by `aftersales.callback._script_values`.
SCRIPT_PLACEHOLDERS = ("dealer", "agent", "customer", "car", "plate", "order", "work", "date_out", "advisor")


class AftersalesQuestionnaire(models.Model):
    """A script and its questions, one version. A version that was activated never changes: answers point to it.

    Life: draft → active → retired. Activating a version retires the former one of the same kind and company.
    """

    _name = "aftersales.questionnaire"
    _description = "Questionnaire"
    _inherit = ["aftersales.protected.mixin"]
    _order = "kind, version desc, id desc"
    _check_company_auto = True
    _protected_fields = frozenset({"state", "version", "previous_id", "date_active", "date_retired"})

    name = fields.Char(required=True, translate=True)
    kind = fields.Selection(
        [("repair", "After Repair"), ("absent", "Long Absent"), ("second", "Second Callback")],
        "Kind of Callback",
        required=True,
        default="repair",
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    previous_id = fields.Many2one("aftersales.questionnaire", "Former Version", readonly=True, copy=False, index=True)
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("retired", "Retired")],
        "Status",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    date_active = fields.Datetime("Active Since", readonly=True, copy=False)
    date_retired = fields.Datetime("Retired On", readonly=True, copy=False)
    script = fields.Text(
        "Opening", translate=True, help="Greeting and opening of the call. Names in braces are filled in for each call."
    )
    script_grievance = fields.Text(
        "On a Grievance", translate=True, help="Shown to the caller as soon as an answer is a problem."
    )
    script_closing = fields.Text("Closing", translate=True, help="Thanks and goodbye.")
    question_ids = fields.One2many("aftersales.question", "questionnaire_id", "Questions", copy=True)
    question_count = fields.Integer("Number of Questions", compute="_compute_question_count")
    company_id = fields.Many2one("res.company", index=True, help="Empty: used by every store.")

    _active_uniq = models.UniqueIndex(
        "(kind, COALESCE(company_id, 0)) WHERE state = 'active'",
        "Another questionnaire of this kind is already active. Retire it first.",
    )
    _version_uniq = models.UniqueIndex(
        "(kind, COALESCE(company_id, 0), version) WHERE state <> 'draft'",
        "This version of the questionnaire exists already.",
    )

    @api.constrains("script", "script_grievance", "script_closing")
    def _check_script(self):
        for questionnaire in self:
            for text in (questionnaire.script, questionnaire.script_grievance, questionnaire.script_closing):
                unknown = set(_PLACEHOLDER.findall(text or "")).difference(SCRIPT_PLACEHOLDERS)
                if unknown:
                    raise ValidationError(
                        self.env._(
                            "%(questionnaire)s: the script names %(unknown)s, which is not known. Use %(known)s.",
                            questionnaire=questionnaire.name,
                            unknown=", ".join("{" + name + "}" for name in sorted(unknown)),
                            known=", ".join("{" + name + "}" for name in SCRIPT_PLACEHOLDERS),
                        )
                    )

    @api.depends("name", "version")
    def _compute_display_name(self):
        for questionnaire in self:
            questionnaire.display_name = f"{questionnaire.name or ''} v{questionnaire.version}"

    @api.depends("question_ids")
    def _compute_question_count(self):
        for questionnaire in self:
            questionnaire.question_count = len(questionnaire.question_ids)

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        # Translations and spelling of the title may be mended at any time; what was asked may not.
        if {"kind", "company_id", "question_ids"}.intersection(vals):
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self._check_editable()

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_activate(self):
        """Put the drafts into use; the version in use until now is retired."""
        self.check_access("write")
        for questionnaire in self.filtered(lambda q: q.state == "draft"):
            questionnaire._do_activate()

    def action_retire(self):
        self.check_access("write")
        self.filtered(lambda q: q.state == "active")._do_retire()

    def action_new_version(self):
        """Open a draft copy of this version, to be changed and activated."""
        self.ensure_one()
        self.check_access("write")
        draft = self.copy()
        draft._write_protected({"previous_id": self.id, "version": self._next_version()})
        return draft._get_records_action(name=self.env._("New Version"))

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    def _check_editable(self):
        for questionnaire in self:
            if questionnaire.state != "draft":
                raise UserError(
                    self.env._(
                        "%(questionnaire)s is in use or was used: answers refer to its questions. "
                        "Create a new version and change that.",
                        questionnaire=questionnaire.display_name,
                    )
                )

    def _same_line_domain(self):
        return Domain("kind", "=", self.kind) & Domain("company_id", "=", self.company_id.id)

    def _next_version(self):
        self.ensure_one()
        domain = self._same_line_domain() & Domain("state", "!=", "draft")
        [(latest,)] = self._read_group(domain, aggregates=["version:max"])
        return (latest or 0) + 1

    def _do_activate(self):
        self.ensure_one()
        if not self.question_ids:
            raise UserError(
                self.env._("%(questionnaire)s has no question. Add one first.", questionnaire=self.display_name)
            )
        former = self.search(self._same_line_domain() & Domain("state", "=", "active"))
        former._do_retire()
        former.flush_recordset()
        self._write_protected(
            {"state": "active", "version": self._next_version(), "date_active": fields.Datetime.now()}
        )

    def _do_retire(self):
        self._write_protected({"state": "retired", "date_retired": fields.Datetime.now()})

    @api.model
    def _active_for(self, kind, company):
        """The questionnaire in use for a kind of callback: the store's own, else the shared one."""
        found = self.search([("kind", "=", kind), ("state", "=", "active"), ("company_id", "in", [company.id, False])])
        return found.filtered("company_id")[:1] or found[:1]

    @staticmethod
    def _fill_script(text, values):
        """Replace the known names in braces; anything else stays as it is written."""
        return _PLACEHOLDER.sub(lambda match: str(values.get(match.group(1), match.group(0)) or ""), text or "")
