"""How skill is measured: cross-validation by paper, errors, coverage, scores."""
