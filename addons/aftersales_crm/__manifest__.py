{
    "name": "After-Sales CRM for Car Dealerships",
    "summary": "Vehicle files, callbacks, complaints, corrective actions and the monthly report in one chain",
    "version": "19.0.0.1.0",
    "category": "Services/After-Sales",
    "author": "The aftersales_crm founders",
    "website": "https://aftersales-crm.example.com",
    "license": "LGPL-3",
    "depends": ["mail", "resource", "fleet", "phone_validation"],
    "data": [
        # Security: groups first, then ACL, then rules
        "security/aftersales_groups.xml",
        "security/ir.model.access.csv",
        "security/aftersales_rules.xml",
        # 1 Engines
        "data/mail_activity_type_data.xml",
        "data/ir_cron_engine_data.xml",
        "data/aftersales_sla_policy_engine_data.xml",
        "wizard/aftersales_approval_decision_views.xml",
        "views/aftersales_approval_views.xml",
        "views/aftersales_delegation_views.xml",
        "views/aftersales_clock_views.xml",
        "views/aftersales_sla_policy_views.xml",
        "views/aftersales_working_day_views.xml",
        "views/res_config_settings_views.xml",
        # 2 File
        "data/aftersales_file_sequences.xml",
        "data/aftersales_document_type_data.xml",
        "data/aftersales_preference_kind_data.xml",
        "data/ir_cron_file_data.xml",
        "wizard/aftersales_change_wizard_views.xml",
        "wizard/aftersales_contact_wish_views.xml",
        "wizard/aftersales_reveal_wizard_views.xml",
        "views/res_partner_views.xml",
        "views/aftersales_vehicle_views.xml",
        "views/aftersales_vehicle_document_views.xml",
        "views/aftersales_document_type_views.xml",
        "views/aftersales_preference_kind_views.xml",
        "views/aftersales_change_request_views.xml",
        "views/aftersales_stocktake_views.xml",
        "views/aftersales_stocktake_line_views.xml",
        "views/aftersales_consent_views.xml",
        "views/aftersales_reveal_views.xml",
        "views/res_config_settings_file_views.xml",
        # 3 Order
        # 4 Contact
        # 5 Case
        # 6 Figures
        # Menus come last: they name the actions of every floor
        "views/aftersales_menus.xml",
    ],
    "demo": [],
    "application": True,
    "installable": True,
}
