"""The desk of the camera: photos that a procedure asks for, kept beside the ledger."""
