"""What the planners of the three kinds of records share."""


class RecordPlanner:
    """Plans what a row means for one kind of record."""

    def __init__(self, ledger, cells, register):
        self.ledger = ledger
        self.cells = cells
        self.register = register
        self.company = ledger.company
        self._ = ledger.imp.env._
