"""Calibration of the pan: from loads and counts to a curve, its uncertainty and what was wrong with the data.

Rules of this room:

* Pure: points, weights and dates in; a result with words for people out. Only ``plot`` and ``keeping`` touch
  files, and nothing here knows a driver, a screen or the ledger.
* Nothing is put right silently: a point that is set aside is named with its row and the likeliest cause.
* What cannot be told from the data (hysteresis from one direction, an order beyond the points) is said.
"""
