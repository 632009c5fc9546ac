"""What laboratories write into headers and cells beside the number: a temperature, a cycle, a power of ten."""
