# 1 Engines
from . import aftersales_protected_mixin
from . import aftersales_attached_mixin
from . import aftersales_sla_policy
from . import aftersales_escalation_rule
from . import aftersales_clock
from . import aftersales_clock_event
from . import aftersales_clock_mixin
from . import aftersales_approval
from . import aftersales_approval_mixin
from . import aftersales_approval_line_mixin
from . import aftersales_delegation
from . import aftersales_calendar_part_mixin
from . import aftersales_working_day
from . import res_company
from . import res_config_settings
from . import resource_calendar_attendance
from . import resource_calendar_leaves

# 2 File
from . import aftersales_change_request
from . import aftersales_change_request_line
from . import aftersales_consent
from . import aftersales_document_type
from . import aftersales_preference
from . import aftersales_preference_kind
from . import aftersales_reveal
from . import aftersales_stocktake
from . import aftersales_stocktake_line
from . import aftersales_vehicle
from . import aftersales_vehicle_document
from . import aftersales_vehicle_insurance
from . import aftersales_vehicle_odometer
from . import aftersales_vehicle_ownership
from . import res_company_file
from . import res_config_settings_file
from . import res_partner

# 3 Order
from . import aftersales_import
from . import aftersales_import_line
from . import aftersales_import_mapping
from . import aftersales_import_mapping_column
from . import aftersales_import_mapping_word
from . import aftersales_repair_order
from . import aftersales_repair_order_line
from . import res_company_order
from . import res_config_settings_order

# 4 Contact

# 5 Case

# 6 Figures
