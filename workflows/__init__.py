"""The stories that simulated users play together, and the director who plays them."""
