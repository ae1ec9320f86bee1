"""Merkle hashing and the verification of proofs (RFC 6962 2.1, RFC 9162 2.1), as the county's log is checked.

Rules this file obeys:

* Pure: hashes in, an answer or `BadLogProof` out. Making proofs is the county's (``county_gateway.log``).
* Verification follows RFC 9162 2.1.3.2 and 2.1.4.2 line by line: it shares no idea with the making.
* A proof must have exactly the hashes it needs: none too many, none too few.

What is logged of a ledger entry is the SHA-256 of its text, 32 bytes; its leaf hash is SHA-256(0x00 ‖ those).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from firmware_app.ledger.errors import BadLogProof

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 2.1)."""
MAX_SIZE = 2**53 - 1
"""Largest tree spoken of: every reader of JSON holds it exactly."""
MAX_PROOF = 63
"""Hashes in a proof (C2SP tlog-witness)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def entry_leaf(entry: str) -> bytes:
    """Leaf hash of a ledger entry, given the SHA-256 of its text in hex."""
    return leaf_hash(bytes.fromhex(entry))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises BadLogProof unless ``leaf`` (a leaf hash) is number ``index`` (from 0) of the tree.

    ``proof``: the audit path from the leaf's sibling upward (RFC 9162 2.1.3.2).
    """
    if not 0 <= index < size:
        raise BadLogProof(f"leaf {index} is not in a tree of {size}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise BadLogProof("inclusion: more hashes than the tree has levels")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise BadLogProof("inclusion: hashes are missing")
    if found != root:
        raise BadLogProof("inclusion: does not lead to the root")


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raises BadLogProof unless the tree of ``new_size`` begins with all of that of ``old_size``.

    RFC 9162 2.1.4.2; from the empty tree, and between equal sizes, the proof is empty.
    """
    if not 0 <= old_size <= new_size:
        raise BadLogProof(f"a tree of {new_size} cannot continue one of {old_size}")
    if old_size in (0, new_size):
        _nothing_to_prove(old_size, old_root, new_root, proof, same=old_size == new_size)
        return
    # A complete subtree is in nobody's proof: whoever checks knows its root.
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else list(proof)
    if not path:
        raise BadLogProof("consistency: hashes are missing")
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise BadLogProof("consistency: more hashes than the tree has levels")
        if node & 1 or node == last:
            old_found, new_found = node_hash(sibling, old_found), node_hash(sibling, new_found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new_found = node_hash(new_found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or (old_found, new_found) != (old_root, new_root):
        raise BadLogProof("consistency: does not lead from the root that was known to the new one")


def _nothing_to_prove(
    old_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes], *, same: bool
) -> None:
    if proof:
        raise BadLogProof("consistency: a proof where none is needed")
    if (old_size == 0 and old_root != EMPTY_ROOT) or (same and old_root != new_root):
        raise BadLogProof("consistency: another root for a tree of this size")
