# 1 Engines
from . import aftersales_protected_mixin

# 2 File

# 3 Order

# 4 Contact

# 5 Case

# 6 Figures
