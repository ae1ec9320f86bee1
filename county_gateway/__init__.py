"""The county's receiving end: devices join, entries arrive and are receipted, anybody checks a slip."""
