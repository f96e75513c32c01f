"""The simulated city: is it plausible, and do its readers speak as real ones do?"""
