from . import aftersales_demo
from . import aftersales_demo_store
from . import aftersales_demo_file
from . import aftersales_demo_order
from . import aftersales_demo_contact
from . import aftersales_demo_case
from . import aftersales_demo_action
from . import aftersales_demo_figures
