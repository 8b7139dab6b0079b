# 1 Engines
from . import test_approval
from . import test_clock
from . import test_clock_lives
from . import test_protected
from . import test_worktime

# 2 File
from . import test_change_request
from . import test_consent
from . import test_counter
from . import test_former_owner
from . import test_former_owner_export
from . import test_masked_numbers
from . import test_personal_data
from . import test_personal_data_floors
from . import test_stocktake
from . import test_stocktake_scan
from . import test_timeline
from . import test_vehicle
from . import test_vehicle_document
from . import test_vehicle_merge
from . import test_vin_plate

# 3 Order
from . import test_dms_rows
from . import test_dms_texts
from . import test_dms_tools
from . import test_import
from . import test_import_age
from . import test_import_columns
from . import test_import_doubt
from . import test_import_hostile
from . import test_import_intake
from . import test_import_notice
from . import test_import_rights
from . import test_import_rows
from . import test_import_sources
from . import test_import_undo
from . import test_import_work
from . import test_import_workbooks
from . import test_repair_order

# 4 Contact
from . import test_callback
from . import test_callback_board
from . import test_callback_plan
from . import test_recheck
from . import test_candidates
from . import test_call_screen
from . import test_planner
from . import test_questionnaire

# 5 Case
from . import test_complaint
from . import test_complaint_external
from . import test_complaint_language
from . import test_complaint_lives
from . import test_complaint_mail
from . import test_complaint_matrix
from . import test_complaint_people
from . import test_complaint_reports
from . import test_complaint_screen
from . import test_complaint_steps
from . import test_complaint_turns
from . import test_corrective_action
from . import test_corrective_effect
from . import test_corrective_paths

# 6 Figures
from . import test_monthly_dashboard
from . import test_monthly_report
from . import test_monthly_report_cron
from . import test_monthly_report_life
from . import test_monthly_report_outputs

# The whole app
from . import test_click_all
from . import test_names
