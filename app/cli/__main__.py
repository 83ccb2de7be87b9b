"""`python -m app.cli`, as `sotay serve` starts its own processes."""

from app.cli import main

main()
