"""Explanations as pages: importance, waterfalls, sweeps, counterfactuals, in pictures and words."""
