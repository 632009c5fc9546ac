"""Life of a cell from its first cycles."""
