"""Batch prediction: tables of designs in, the same tables with predictions out.

A design passes five containers from its file to its answer (`Portion`, `Rows`, `Designs`, `PartPredictions`,
`Predictions`); CONTRIBUTING.md says what each holds.

`serving.predict.batch` sends portion after portion through them, here or on a cluster (`serving.predict.cluster`),
and `serving.predict.checkpoint` keeps the answers until all are there. Tables that a person looks at as a whole
(measured designs, candidates to suggest from, a table sent to the server) are read by the same reader into a `Table` of
row models (`features.tables.rows`).
"""
