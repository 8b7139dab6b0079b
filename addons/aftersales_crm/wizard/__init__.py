from . import aftersales_approval_decision
