"""From a bare Debian or Ubuntu machine to a running Odoo 19 with the addon.

Run as ``python3 -m harness COMMAND``.  The package needs nothing but Python's
standard library until its own virtual environment exists; from then on it
continues inside that environment.  It never imports the addon: it installs it,
serves it and looks at it from outside.
"""
