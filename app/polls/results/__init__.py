"""What polls have come to, for those who decide by them and write them down."""
