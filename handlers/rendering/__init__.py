"""Where each field of a rendered document comes from, and how documents are rendered."""
