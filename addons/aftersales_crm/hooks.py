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
