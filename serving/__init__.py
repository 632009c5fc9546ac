"""Predictions for tables, notebooks and clients of a small server."""
