"""Models of the learned quantities: targets, boosted trees, intervals, domain, explanations and the saved bundle."""
