"""Reading what an import did."""


def counts(report):
    """Created, changed, unchanged, rejected."""
    return (report.created, report.changed, report.unchanged, report.rejected)


def reasons(report):
    """Row, field, column, value and reason of each rejected row."""
    return [(row.row, row.field, row.column, row.value, row.reason) for row in report.rejected_rows]
