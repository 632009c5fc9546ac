"""The Python API's model: designs in as plain Python or a data frame, answers out that a notebook can show."""
