"""How the rows of a file of a dealer management system become records.

`planner.ImportPlanner` plans a batch of rows and writes it; the dry run is the same plan without the writing. It asks

- `cells.Cells` what a row says: values, or sentences about what cannot be read (`tools/dms_row.py` reads, without Odoo);
- `register.Register` which records the rows may name, loaded with one query for each kind;
- `vehicle`, `customer` and `order` what a row means for the record of that kind;

and all of them put down what is to change in the `ledger.Ledger`, on entries: records as they stand and the values that
the rows want them to have.
"""
