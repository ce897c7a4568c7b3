"""Operations on cancellation requests and their reasons."""
