"""The rules of the shop: plain Python that imports nothing of the other rooms."""
