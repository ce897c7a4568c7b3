"""Orders and their parts, as shoppers and guests see them."""
