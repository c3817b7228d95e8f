"""Training for the exhibit: nothing in here is needed to run it."""
