"""What every subject builds on: errors, identifiers, money, pages, texts."""
