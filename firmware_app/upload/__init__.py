"""Delivery: the ledger is the outbox, the county's signed receipt moves the cursor."""
