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
        # 2 File
        "data/aftersales_file_sequences.xml",
        "data/aftersales_document_type_data.xml",
        "data/aftersales_preference_kind_data.xml",
        "views/aftersales_vehicle_views.xml",
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
