"""The inspector's examination of a scale on the spot (现场核查), item by item."""
