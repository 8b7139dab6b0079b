# 1 Engines
from . import test_worktime

# 2 File

# 3 Order

# 4 Contact

# 5 Case

# 6 Figures
