"""Personal data: copies, erasure and retention."""
