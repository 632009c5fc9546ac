"""The literature as training data: read, checked, grouped by paper, turned into examples."""
