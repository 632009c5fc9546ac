"""New measurements into a folder of one's own: read, judged, written; and taken back."""
