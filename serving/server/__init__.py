"""Predictions by HTTP: small, safe, and with the messages of the command line."""
