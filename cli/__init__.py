"""The command line: one module per command or family of commands, its arguments beside what runs it."""
