"""Designs whose composition was measured: which measurements they are, how far laboratories agree, and what follows."""
