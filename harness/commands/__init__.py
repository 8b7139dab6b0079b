"""One file per command of the harness."""
