"""What is predicted, and how sure: targets, boosted models, intervals, domain, explanations and the saved bundle."""
