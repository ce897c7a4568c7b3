"""E-mails to shoppers: their content and their delivery."""
