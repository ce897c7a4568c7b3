"""What sellers see and do: lists of their part of the orders."""
