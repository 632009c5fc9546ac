"""The effect that the results of one laboratory share: how own measurements move its other designs."""
