"""Ranges that comparable papers report, reported where there is no point."""
