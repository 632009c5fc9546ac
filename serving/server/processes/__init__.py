"""The processes of the server: supervisor and workers."""
