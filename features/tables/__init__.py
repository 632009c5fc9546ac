"""Tables of designs and measurements, read in one way.

`fields` and `records` declare once what a row may hold; `files` and `chunks` read cells; `rows` checks them row by row,
by the declarations, and words what is wrong; `columnar` takes whole columns that the same declarations allow and leaves
all else to `rows`; `designs` holds the good rows as arrays. `columns` and `descriptions` tell of the declarations.
"""
