"""Why the models say what they say, in words and units a chemist reads."""
