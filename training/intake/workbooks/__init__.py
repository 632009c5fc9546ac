"""Workbooks whose sheets are several tables of the literature, added as one."""
