"""Explanations of predictions in words and units a chemist can check: SHAP values, importance, sweeps, changes."""
