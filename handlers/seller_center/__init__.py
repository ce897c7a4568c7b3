"""Operations of the Seller Center API."""
