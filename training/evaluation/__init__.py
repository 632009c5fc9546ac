"""Skill on papers never seen: cross-validation by paper, errors, coverage, scores."""
