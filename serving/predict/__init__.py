"""Batch prediction: tables in, answers out."""
