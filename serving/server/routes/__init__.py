"""The endpoints, one noun a file; each `router(context)` gives the routes of its noun."""
