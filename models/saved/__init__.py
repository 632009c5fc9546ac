"""Files of a saved model: which may be read, and what proves that they are as they were saved."""
