"""How a prediction is asked for: tables in, tables out, and a small server on loopback."""
