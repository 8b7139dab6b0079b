from . import aftersales_approval_decision

# 2 File
from . import aftersales_change_wizard
from . import aftersales_contact_wish
from . import aftersales_reveal_wizard
from . import aftersales_reveal_wizard_order

# 3 Order
from . import aftersales_repair_order_cancel

# 4 Contact
from . import aftersales_callback_cancel
from . import aftersales_callback_exception
from . import aftersales_callback_explain

# 5 Case
from . import aftersales_appeal_dialog
from . import aftersales_complaint_intake
from . import aftersales_complaint_step
from . import aftersales_corrective_step

# 6 Figures
from . import aftersales_monthly_report_dialog
from . import aftersales_stocktake_scan
from . import aftersales_data_request_refusal
