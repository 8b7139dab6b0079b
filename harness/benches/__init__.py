"""Benchmarks: each a script for Odoo's shell that prints one JSON line of figures last."""
