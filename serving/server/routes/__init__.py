"""The endpoints, one noun a file; each `router(context)` builds the routes of its noun."""
