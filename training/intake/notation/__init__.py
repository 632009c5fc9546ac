"""Notations of laboratories in headers and cells beside the number: a temperature, a cycle, a power of ten."""
