"""Ranges that comparable papers report, which are told where no point is."""
