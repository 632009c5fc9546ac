"""Formulas as the literature writes them, read into compositions."""
