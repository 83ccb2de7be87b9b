"""What members want corrected in their records, and who decides it."""
