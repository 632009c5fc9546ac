"""Tables that are decided with: designs beside each other, and the best of many."""
