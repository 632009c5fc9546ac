"""Decisions made with predictions: which of two designs is better, which of many are the best."""
