"""`steelyard demo`: the whole appliance on simulated parts, with visitors at its touchscreen."""
