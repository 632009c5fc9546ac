"""Skill where the composition is known from another paper, where only the family is, and where neither is."""
