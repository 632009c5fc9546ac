"""What is decided with predictions: which of two designs is better, which of many are the best."""
