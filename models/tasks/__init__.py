"""Learned quantities: one object each, in one registry."""
