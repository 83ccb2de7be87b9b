"""Documents: the library of an organisation, its files, and search without accents."""
