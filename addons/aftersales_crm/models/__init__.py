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
from . import mail_activity
from . import aftersales_calendar_part_mixin
from . import aftersales_working_day
from . import res_company
from . import res_config_settings
from . import resource_calendar_attendance
from . import resource_calendar_leaves

# 2 File
from . import aftersales_locked_card_mixin
from . import aftersales_vehicle_identity_mixin
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
from . import aftersales_vehicle_upkeep
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
from . import aftersales_repair_order_comeback
from . import aftersales_repair_order_line
from . import aftersales_vehicle_order
from . import res_company_order
from . import res_config_settings_order

# 4 Contact
from . import aftersales_problem_category
from . import aftersales_questionnaire
from . import aftersales_question
from . import aftersales_question_choice
from . import aftersales_callback_outcome
from . import aftersales_callback_attempt
from . import aftersales_callback_answer
from . import aftersales_callback_absence
from . import aftersales_callback
from . import aftersales_callback_queue_mixin
from . import aftersales_callback_sheet_mixin
from . import aftersales_callback_screen
from . import aftersales_callback_plan_demand_mixin
from . import aftersales_callback_plan_placing_mixin
from . import aftersales_callback_plan
from . import aftersales_callback_plan_agent
from . import aftersales_callback_candidate
from . import aftersales_repair_order_contact
from . import aftersales_vehicle_contact
from . import res_company_contact
from . import res_config_settings_contact
from . import res_partner_contact

# 5 Case
from . import aftersales_appeal
from . import aftersales_callback_case
from . import aftersales_cause
from . import aftersales_complaint_custody_mixin
from . import aftersales_complaint_guard_mixin
from . import aftersales_complaint_lane_mixin
from . import aftersales_complaint_level_mixin
from . import aftersales_complaint_recurrence_mixin
from . import aftersales_complaint_reply_mixin
from . import aftersales_complaint_solution_mixin
from . import aftersales_complaint_step_mixin
from . import aftersales_complaint
from . import aftersales_complaint_kind
from . import aftersales_corrective_deadline_mixin
from . import aftersales_corrective_effect_mixin
from . import aftersales_corrective_step_mixin
from . import aftersales_corrective_action
from . import aftersales_corrective_measure
from . import aftersales_corrective_progress
from . import aftersales_corrective_reminder
from . import aftersales_corrective_round
from . import aftersales_corrective_why
from . import aftersales_handover
from . import aftersales_problem_category_case
from . import aftersales_vehicle_case
from . import res_company_case
from . import res_config_settings_case

# 6 Figures
from . import aftersales_monthly_check_mixin
from . import aftersales_monthly_writing_mixin
from . import aftersales_monthly_report
from . import aftersales_monthly_base
from . import aftersales_monthly_figure
from . import aftersales_monthly_finding
from . import aftersales_corrective_action_figures
from . import res_company_figures
from . import res_config_settings_figures
