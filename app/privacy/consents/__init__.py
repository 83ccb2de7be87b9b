"""What members agree to, by dated texts."""
