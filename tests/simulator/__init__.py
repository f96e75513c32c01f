"""The simulated city is plausible, and its readers speak as real ones do."""
