"""A dealership's life, played through the product's own methods with the clock in hand.

Runs inside Odoo's shell (``harness simulate``).  Every step is taken by the person whose step it is, at the moment when
it would have happened; what a rule refuses is not done, and counted.
"""
