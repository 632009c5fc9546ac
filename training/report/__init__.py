"""The report and model card of a training."""
