"""Import documents: reading, checking and reconciling them with stored orders."""
