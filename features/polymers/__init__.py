"""Polymer electrolytes: what they are made of, read from text, and as numbers."""
