"""Reports as spreadsheets and on paper."""
