"""Search: the list of documents, and how they are found without accents."""
