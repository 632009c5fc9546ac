"""Batch prediction: tables of designs in, the same tables with predictions out.

A design passes five containers on its road from a file to an answer:

1. `Portion` (`features.tables.chunks`): where some rows stand in a file;
2. `Rows` (`features.tables.chunks`): their cells as written; once checked (`features.tables.columnar`, by the row
   models of `features.tables.records`), the good ones and the rejected ones with their mistakes;
3. `Designs` (`features.tables.designs`): the columns of the good ones as arrays, as featurizers and models read them,
   with what these read of them (their electrolytes) kept beside;
4. `Predictions` (`models.predictor`): values, intervals, notices and the nearest literature rows;
5. `Answer` (`serving.predict.portion`): the portion as bytes of the output and of the tables beside it.

`serving.predict.batch` sends portion after portion down this road, here or on a cluster (`serving.predict.cluster`),
and `serving.predict.checkpoint` keeps the answers until all are there. Tables that a person looks at as a whole
(measured designs, candidates to suggest from, a table sent to the server) are read by the same reader into a `Table` of
row models (`features.tables.rows`).
"""
