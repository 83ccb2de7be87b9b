"""How the sending stands, for operators: figures read from the tables whenever somebody looks."""
