"""The shop: models and everything people know about them."""
