"""Boosters: what they are fitted to, those of the last fits, and saved ones in the library that walks them."""
