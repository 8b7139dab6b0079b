from . import aftersales_callback_quality
from . import aftersales_monthly_report_outputs
