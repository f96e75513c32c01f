"""A city warehouse that doesn't exist: its registers, what really stands where, and readers that speak of it."""
