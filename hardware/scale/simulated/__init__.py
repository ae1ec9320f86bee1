"""Market scales on a pty: honest, and cheating in the ways market scales cheat.

The encoders are written from the manuals and share nothing with the decoders of this room: a simulator
that shares the reader's assumption cannot find the reader's mistake.
"""
