"""Explanations as pages: importance, waterfalls, sweeps, counterfactuals."""
