"""Predictions asked for by HTTP: small, safe, and in the words of the command line."""
