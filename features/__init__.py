"""Designs as numbers: records, formulas, physics and the transformers that make vectors of them."""
