"""The design rules of the literature, and what a model makes of them."""
