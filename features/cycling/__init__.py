"""Cycle-by-cycle capacity of cells: tables, curves and what the first cycles show."""
