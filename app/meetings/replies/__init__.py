"""Replies: whether each member comes, said by themselves or written down for them."""
