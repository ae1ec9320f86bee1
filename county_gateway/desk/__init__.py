"""What the county's own people ask: lists over the record, kept as it comes in."""
