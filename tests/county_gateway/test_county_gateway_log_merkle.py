"""The county's tree against published vectors, and proofs against everything that is not one."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from county_gateway.log.merkle import TileAt, Tree, grow
from county_gateway.log.tiles import BadTilePath, TilePath, bundle, paths_of, read_path, width_in
from firmware_app.ledger.county.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    entry_leaf,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from firmware_app.ledger.errors import BadLogProof

# github.com/transparency-dev/merkle testonly/constants.go: leaves, and the root of each beginning of them.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

# draft-ietf-plants-merkle-tree-certs, "Subtree Test Vectors": rolling SHA-256 over every subtree hash,
# inclusion proof and consistency proof of all trees of up to 130 leaves, leaf n being the byte n.
VECTOR_MAX = 130
SUBTREE_HASHES = "94a95384a8c69acea9b50d035a58285b3a777cb7a724005faa5e1f1e1190007f"

# golang.org/x/mod/sumdb/tlog testdata/argon2020: a certificate log of Google's, tree of 961,984,013 leaves.
ARGON_SIZE, ARGON_OLD_SIZE = 961984013, 3654490
ARGON_ROOT = "dwlueapdd7LaOEnX2W2Wp9v2XE+KzejHRQGHwEx0oaM="
ARGON_OLD_ROOT = "AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ="
ARGON_CONSISTENCY = """
80Sfbj6UQEdVSZCSIgh9NMPj3vCBzcc1A48B2crJSWg= FZcrgAHUk6nNPviJZq8kEK6jCG1d18pJOFE45ZDc1TQ=
Q67reWXmPBo1UfmwBap4Xi9PMPfFdUSSw3WGlRZdG7k= eJ7CyhR4PxzBxDIsWgrVYW1eFUb9ndgf46tFmiqVrxA=
QrDwp062Grm5WY8KdrhFsBuuNjGzRox2Jb8PmVL5OYw= XM4YMjMEdLH/XJam/ZWyaP14k3cmsOtnPsOWQ54lW1s=
SGiBh+jOTGccXU48ZzgQ88lRcBmtB4wz4oSDndv2QTg= WAS6txqNLYKGL1GdBdpqmV42TTfn6cJsuDsqLXuTCNI=
QFmRS0rirUA7ZN3lxFjDncV+E1OCrn3NUB4RCp+5fzc= Hdbp7It2XBNZmNDBpCN/KPd7vfVqxgzwOosqVIaEA9E=
mxvHL0ZiblBdD7j7pIa1jlfB0gSqfJ6oX0UGo7L0VsU= q5hjyvoW6TL/PThgcitpDcSTrnKX2p1+aqscqH2euRA=
jTOWDqt3IHj2NVFeezyBz2ofpru+ztEywqKUAfFclKI= GIRn0w3HqJdvU9j1WVD//eR6lk2AaTVjyzjsJNP8U88=
x52GJvxG81fnQBrgOTbll1A5tz95/LXK0Ag1NhB0r1I= 6/0OqrcTgc3o5dD5PymmoC96lB9yLPFuTHVvLy8fSGk=
Gf+iKLfcXO5l4JEFmsZvSdG5q1uEeWPfYLrds6pmjz0= DGuaco+McyM3AfRSF6qX7RwSetwe2ieYJmxw5e9rVx0=
2tQJ9V32hnYp+fdpP6TcjmgJmLeNVOMKM0Ml1kk4cNU= 3PapK+IkyJr8I9yAErAmzuZezzLMzsg+PfeRCgNW8NQ=
s6xiYeejb+wtqHA+URJZ2I/SCPyIW8coP6aB00FJbMY= z9lSpmdTcr5M5ZzKlc4EPh3SrSypKFdk6JUF/UccaZU=
GXIElfmnRuWfbA4z7ubV/UwlpSRUbUeec7oL5HDDnh0= pR0SH/NYP6s9+8azWwaeUXA4Ze/3WCIgMfh5YW6wvcE=
f3GuAKYVrF8RBg3s15jvA/YvV9oAliWtzP/imwPhQVA= WHn8zDxlVgkV+lSlmzaOdfSBrTHoRr5nT3d76q0KKWE=
f2uV2ZxVgULzLPKuZcowRY3ZY7fRlX59iDBjV1R8kNQ= NzQVjJsvQwbi7WStMr9oFkh9VbHfK7LB6o7WwAqwNTs=
C0LttBeYHZHgL+032JIcJC3CTBIyza/hsbmJUgJfmDI= nixU5CWTFVDlF4BGdcU6kA7WSYurEpe9jRWc+F/7sOc=
"""


def tree_of(leaves: list[bytes]) -> Tree:
    """A tree over tiles that were grown in uneven steps, as batches come."""
    tiles: dict[TileAt, bytes] = {}

    def read(level: int, number: int) -> bytes:
        return tiles.get(TileAt(level, number), b"")

    hashes = [leaf_hash(leaf) for leaf in leaves]
    size, step = 0, 1
    while size < len(hashes):
        part = hashes[size : size + step]
        tiles.update(grow(size, part, read))
        size, step = size + len(part), step * 2 % 509
    return Tree(size, read)


def subtrees(most: int):
    """Every valid subtree [start, end): start is a multiple of the power of two that spans it."""
    for end in range(1, most + 1):
        for start in range(end):
            if start % (1 << (end - start - 1).bit_length()) == 0:
                yield start, end


@pytest.fixture(scope="module")
def tree130() -> Tree:
    return tree_of([bytes([n]) for n in range(VECTOR_MAX)])


@pytest.fixture(scope="module")
def tree70000() -> Tree:
    return tree_of([n.to_bytes(4, "big") for n in range(70_000)])


def test_the_roots_are_those_of_the_reference_implementation():
    tree = tree_of([bytes.fromhex(leaf) for leaf in LEAVES])

    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert EMPTY_ROOT.hex() == ROOTS[0]


def test_every_subtree_hash_is_that_of_the_published_vector(tree130):
    rolled = hashlib.sha256()
    for start, end in subtrees(VECTOR_MAX):
        rolled.update(f"[{start}, {end}) {tree130._range(start, end).hex()}\n".encode())

    assert rolled.hexdigest() == SUBTREE_HASHES


def test_a_consistency_proof_of_a_public_log_is_verified():
    proof = [base64.b64decode(each) for each in ARGON_CONSISTENCY.split()]
    old, new = base64.b64decode(ARGON_OLD_ROOT), base64.b64decode(ARGON_ROOT)

    verify_consistency(ARGON_OLD_SIZE, ARGON_SIZE, old, new, proof)
    with pytest.raises(BadLogProof):
        verify_consistency(ARGON_OLD_SIZE + 1, ARGON_SIZE, old, new, proof)


def test_every_proof_up_to_130_leaves_is_verified_and_no_other(tree130):
    for size in range(1, VECTOR_MAX + 1):
        root = tree130.root(size)
        for index in range(size):
            leaf, proof = leaf_hash(bytes([index])), tree130.inclusion(index, size)
            verify_inclusion(index, size, leaf, proof, root)
            with pytest.raises(BadLogProof):
                verify_inclusion(index ^ 1, size, leaf, proof, root) if size > 1 else verify_inclusion(
                    1, 1, leaf, proof, root
                )
        for old in range(size + 1):
            verify_consistency(old, size, tree130.root(old), root, tree130.consistency(old, size))


@given(st.data())
def test_a_proof_with_anything_changed_is_refused(tree130, data):
    size = data.draw(st.integers(2, VECTOR_MAX))
    index = data.draw(st.integers(0, size - 1))
    proof = list(tree130.inclusion(index, size))
    leaf, root = leaf_hash(bytes([index])), tree130.root(size)
    changed = _changed(data, proof)
    with pytest.raises(BadLogProof):
        verify_inclusion(index, size, leaf, changed, root)

    old = data.draw(st.integers(1, size - 1))
    proof = list(tree130.consistency(old, size))
    with pytest.raises(BadLogProof):
        verify_consistency(old, size, tree130.root(old), root, _changed(data, proof))


def _changed(data, proof: list[bytes]) -> list[bytes]:
    how = data.draw(st.sampled_from(["flip", "drop", "add", "swap"]))
    at = data.draw(st.integers(0, len(proof) - 1))
    if how == "flip":
        bit = data.draw(st.integers(0, 255))
        value = (int.from_bytes(proof[at], "big") ^ 1 << bit).to_bytes(32, "big")
        return [*proof[:at], value, *proof[at + 1 :]]
    if how == "drop":
        return proof[:at] + proof[at + 1 :]
    if how == "swap" and len(proof) > 1:
        at = min(at, len(proof) - 2)
        return [*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]]
    return [*proof[:at], bytes(32), *proof[at:]]


def test_a_tree_of_70000_has_the_tiles_of_the_specification(tree70000):
    paths = [path for path in paths_of(70_000) if path.level is not None]
    widths = [(path.level, path.width) for path in paths]

    # c2sp.org/tlog-tiles, "Partial Tiles": the example.
    assert [widths.count((level, 256)) for level in (0, 1, 2)] == [273, 1, 0]
    assert [pair for pair in widths if pair[1] < 256] == [(0, 112), (1, 17), (2, 1)]
    for path in paths:
        assert len(tree70000._tile(path.level, path.number)) == path.width * HASH_BYTES
    for index, size in ((0, 70_000), (69_999, 70_000), (65_535, 65_536), (256, 300), (12_345, 54_321)):
        leaf = leaf_hash(index.to_bytes(4, "big"))
        verify_inclusion(index, size, leaf, tree70000.inclusion(index, size), tree70000.root(size))
    for old, new in pairwise((0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000)):
        proof = tree70000.consistency(old, new)
        verify_consistency(old, new, tree70000.root(old), tree70000.root(new), proof)


def test_tiles_that_do_not_belong_to_the_tree_are_not_grown():
    with pytest.raises(ValueError, match="tile 0/0 has not 3 hashes"):
        grow(3, [bytes(32)], lambda level, number: bytes(64))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("tile/0/000", TilePath(0, 0)),
        ("tile/0/x001/x234/067", TilePath(0, 1_234_067)),
        ("tile/1/x001/000.p/17", TilePath(1, 1000, 17)),
        ("tile/entries/273.p/112", TilePath(None, 273, 112)),
    ],
)
def test_a_path_has_one_meaning(text, path):
    assert read_path(text) == path
    assert str(path) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "checkpoint",
        "tile/0/0",
        "tile/0/1234",
        "tile/0/001/002",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/00/001",
        "tile/-1/001",
        "tile/64/001",
        "tile/7/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/data/000",
        "tile/0/../../county.key",
        "tile/0/" + "x999/" * 6 + "999",
    ],
)
def test_every_other_path_is_refused(text):
    with pytest.raises(BadTilePath):
        read_path(text)


def test_a_bundle_is_entries_after_their_lengths():
    entries = [bytes([n]) * 32 for n in range(3)]

    assert bundle(entries) == b"".join(b"\x00\x20" + entry for entry in entries)


def test_a_tile_is_as_wide_as_the_tree():
    assert width_in(TilePath(0, 273), 70_000) == 112
    assert width_in(TilePath(None, 273), 70_000) == 112
    assert width_in(TilePath(2, 0), 65_535) == 0


def test_what_is_logged_of_an_entry_is_its_hash():
    text = "an entry"
    entry = hashlib.sha256(text.encode()).hexdigest()

    assert entry_leaf(entry) == hashlib.sha256(b"\x00" + hashlib.sha256(text.encode()).digest()).digest()
    assert node_hash(b"l", b"r") == hashlib.sha256(b"\x01lr").digest()
