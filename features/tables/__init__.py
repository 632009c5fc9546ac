"""Tables of designs and measurements: columns, records, mistakes, rows, chunks."""
