"""How a model came to be: data sets, splits by paper, evaluation, tracking and the report."""
