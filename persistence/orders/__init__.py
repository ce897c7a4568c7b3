"""The tables of an order, loading and saving it, and its versions."""
