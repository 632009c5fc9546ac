"""Tables that clients send: decoded in a process of their own, predicted, and sent back."""
