"""What a branch that ends had called or drafted: its successor goes on with it."""
