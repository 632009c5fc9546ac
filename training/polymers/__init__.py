"""The polymer model: its table, how it is judged, and how its weights are made."""
