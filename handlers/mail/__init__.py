"""The letters to shoppers: what they say, and how they get there."""
