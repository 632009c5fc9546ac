"""Explanations as pages: importance, waterfalls, sweeps, counterfactuals, drawn and told."""
