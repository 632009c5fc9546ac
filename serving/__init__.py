"""Ways to ask for a prediction: tables in, tables out, and a small server on loopback."""
