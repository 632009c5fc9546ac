"""Making of a model: data sets, splits by paper, evaluation, tracking and the report."""
