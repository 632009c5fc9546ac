"""Crystal structures: CIF files, sites, space groups, percolation."""
