"""Languages: translations and labels."""
