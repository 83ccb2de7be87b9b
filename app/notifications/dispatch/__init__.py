"""Dispatch: chunks of deliveries leased, sent and settled by the workers."""
