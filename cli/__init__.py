"""The command line: one module per family of commands, its arguments beside it."""
