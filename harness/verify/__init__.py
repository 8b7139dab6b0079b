"""The figures of the monthly reports once more, by somebody who does not trust the addon.

Nothing here imports the addon or Odoo, and nothing asks the addon how it counts: the definitions are those of the
domain text (section 7) and of ``docs/figures.md``, the data are the rows of the database, read by plain SQL.

``raw``      reads the rows of a store;
``past``     says what a changed row was like when a report was written;
``sources``  picks the records that a month counts, with what each is counted by;
``frozen``   reads what the addon has stored: reports, figures, frozen records;
``settle``   lays the records beside the frozen ones and names those that changed since, or differ;
``measures`` counts;
``ledger``   compares columns that repeat a ledger with that ledger;
``audit``    puts it together and ``show`` prints it.
"""
