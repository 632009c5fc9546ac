"""What is predicted: one object per learned quantity."""
