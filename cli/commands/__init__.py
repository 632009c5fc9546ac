"""The commands, each with the arguments it takes beside it."""
