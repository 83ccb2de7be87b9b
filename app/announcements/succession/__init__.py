"""What an organisation that ends had not published: its successor goes on with it."""
