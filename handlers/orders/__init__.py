"""Operations on orders."""
