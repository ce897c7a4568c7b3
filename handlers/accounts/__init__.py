"""Operations on sessions and accounts."""
