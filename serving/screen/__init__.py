"""Candidate designs made from a described space, predicted in a stream, and the best of them kept."""
