"""The cheating challenge: loads, keys and repetitions that no scale can foresee, and what they show.

Rules this room obeys:

* Nobody chooses: the order and the secret steps follow from the head of the record as the challenge began.
* The scale's figure comes first; what our pan says of a load is shown to nobody before.
* What is found is said of the pattern, never of a person.
"""
