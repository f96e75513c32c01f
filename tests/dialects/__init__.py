"""Every reader family in its own words, and what must come of them."""
