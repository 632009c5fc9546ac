"""Conductivity of polymers with a salt: a model of its own, shipped as weights."""
