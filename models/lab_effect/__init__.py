"""What the results of one laboratory have in common: how own measurements move its other designs."""
