# 1 Engines
from . import test_worktime

# 2 File

# 3 Order
from . import test_dms_tools
from . import test_repair_order

# 4 Contact

# 5 Case

# 6 Figures
