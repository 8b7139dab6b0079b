import logging

import psycopg2

from odoo.modules.db import has_trigram

_logger = logging.getLogger(__name__)


def pre_init_hook(env):
    """See to it that any fragment of a number or a name is found by an index.

    Databases that Odoo itself created have the extension; others may lack it. It may be created by whoever owns the
    database; where it cannot, the search box works on, slower.
    """
    if env.registry.has_trigram:
        return
    try:
        with env.cr.savepoint():
            env.cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except psycopg2.Error as error:
        _logger.warning("Searching by fragments stays slow without the extension pg_trgm: %s", error)
    env.registry.has_trigram = has_trigram(env.cr)


def uninstall_hook(env):
    """Take off what Odoo's own uninstall would leave behind.

    Deleting a number series drops the database's sequence of the series, but not those of its years. And the external
    ids that other modules (mail, portal, sms) keep about our models' fields and parents outlive what they point to.
    """
    env["ir.sequence"].with_context(active_test=False).search(
        [("code", "=like", "aftersales.%")]
    ).date_range_ids.unlink()
    env.cr.execute(
        "DELETE FROM ir_model_data WHERE module <> 'aftersales_crm'"
        " AND model IN ('ir.model.fields', 'ir.model.fields.selection', 'ir.model.inherit')"
        " AND name ~ '^(field|selection|model_inherit)__?aftersales_'"
    )
