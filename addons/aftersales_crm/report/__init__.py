from . import aftersales_monthly_report_outputs
