"""What a branch that ends had not decided: its successor goes on with it."""
