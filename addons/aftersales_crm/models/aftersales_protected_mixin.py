import logging

from odoo import api, models, tools
from odoo.exceptions import AccessError

_logger = logging.getLogger(__name__)

_KEY = "aftersales_protected_write"


class _Proof:
    """Proof of an own write, good for one model. A client can send any context key and any JSON value, never this."""

    __slots__ = ("model",)

    def __init__(self, model):
        self.model = model


class AftersalesProtectedMixin(models.AbstractModel):
    """Fields that only the model's own methods may write (state, signatures, clocks, ledgers).

    Not a matter of rights: the fields are refused to every role and to the superuser's environment alike, because
    ``sudo()`` is no proof of who asks. ``_write_protected`` and ``_create_protected`` are the one way in; both are
    private, hence out of reach of every RPC protocol.
    """

    _name = "aftersales.protected.mixin"
    _description = "Protected State"

    # Names of the fields that only own methods write; those of all inherited mixins add up
    _protected_fields = frozenset()
    # True for ledgers: rows are written through `_create_protected` alone and never deleted
    _protected_append_only = False

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if self._has_proof():
            # Taken off before the next model is reached: a proof is good for one call only.
            return super(AftersalesProtectedMixin, self._without_proof()).create(vals_list)
        if self._protected_append_only:
            self._refuse_protected("create", ["*"])
        protected = self._protected_field_names()
        refused = {name for vals in vals_list for name in vals if name in protected}
        if refused:
            self._refuse_protected("create", refused)
        defaults = {f"default_{name}" for name in protected}
        forged = defaults.intersection(self.env.context)
        if forged:
            self._log_refusal("create with context", forged)
            cleaned = {key: value for key, value in self.env.context.items() if key not in forged}
            self = self.with_env(self.env(context=cleaned))
        return super().create(vals_list)

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        """Screens show protected fields as read only: a form must not send their defaults along with a new record."""
        result = super().fields_get(allfields, attributes)
        if attributes is None or "readonly" in attributes:
            for name in self._protected_field_names() & set(result):
                result[name]["readonly"] = True
        return result

    def write(self, vals):
        if self._has_proof():
            return super(AftersalesProtectedMixin, self._without_proof()).write(vals)
        if self._protected_append_only:
            self._refuse_protected("write", vals)
        refused = self._protected_field_names().intersection(vals)
        if refused:
            self._refuse_protected("write", refused)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_append_only(self):
        if self._protected_append_only:
            self._refuse_protected("unlink", ["*"])

    # ------------------------------------------------------------
    # BUSINESS
    # ------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _protected_field_names(self):
        """All protected fields of the model: its own and those of the mixins that it inherits."""
        return frozenset().union(*(vars(cls).get("_protected_fields", ()) for cls in type(self).mro()))

    def _write_protected(self, vals):
        """Write protected fields from the model's own code."""
        return self.with_context(**{_KEY: _Proof(self._name)}).write(vals)

    @api.model
    def _create_protected(self, vals_list):
        """Create records with protected fields set from the model's own code.

        :param list[dict] vals_list: values, a list even for one record
        :return: the records, in an environment without the proof
        """
        return self.with_context(**{_KEY: _Proof(self._name)}).create(vals_list)._without_proof()

    def _unlink_protected(self):
        """Delete records whose model keeps them, from its own code: the ``ondelete`` guard looks for the proof."""
        return self.with_context(**{_KEY: _Proof(self._name)}).unlink()

    def _has_proof(self):
        proof = self.env.context.get(_KEY)
        return isinstance(proof, _Proof) and proof.model == self._name

    def _without_proof(self):
        if _KEY not in self.env.context:
            return self
        context = {key: value for key, value in self.env.context.items() if key != _KEY}
        return self.with_env(self.env(context=context))

    @api.model
    def _field_label(self, name):
        """Return what people call a field, in the language of the user."""
        field = self._fields.get(name)
        return field.get_description(self.env, ["string"])["string"] if field else name

    def _refuse_protected(self, operation, names):
        self._log_refusal(operation, names)
        raise AccessError(
            self.env._(
                "%(document)s: %(fields)s cannot be changed directly. Use the buttons of the document.",
                document=self._description,
                fields=", ".join(map(self._field_label, sorted(names))),
            )
        )

    def _selection_label(self, name):
        """The label of the record's value in a selection field, for a sentence or a screen; empty without a value."""
        self.ensure_one()
        return dict(self._fields[name]._description_selection(self.env)).get(self[name], "")

    def _log_refusal(self, operation, names):
        _logger.warning(
            "Refused %s of protected fields %s on %s%s by user %s",
            operation,
            ", ".join(sorted(names)),
            self._name,
            self.ids,
            self.env.uid,
        )
