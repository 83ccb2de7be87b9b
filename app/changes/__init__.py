"""What changed since a phone's cursor: one way for its first start and for catching up."""
