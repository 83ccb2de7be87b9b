"""The live screen: a stream that says that something changed, and never what."""
