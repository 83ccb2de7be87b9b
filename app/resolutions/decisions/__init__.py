"""How a resolution is decided: polls on it, and its adoption or rejection."""
