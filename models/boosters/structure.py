"""Structure of a saved booster, walked before xgboost reads it.

xgboost believes the lengths and indices in its own files: one changed byte may make it read beyond the end, ask for all
memory or walk in a circle, and the process dies. What it believes is checked here, not what the numbers predict: a file
that passes may still hold any model.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

GROUP, GROUP_END, ARRAY, TYPED, COUNTED, TEXT, LENGTH = b"{}[$#SL"
NUMBERS = dict(zip(b"iUIlLdD", map(np.dtype, ("i1", "u1", ">i2", ">i4", ">i8", ">f4", ">f8")), strict=True))
"""Kinds of numbers in UBJSON, by their marker."""
COUNT = struct.Struct(">Q")
"""A length; one that is negative lies beyond the end."""
POINTING = (b"left_children", b"right_children", b"parents", b"split_indices")
PER_NODE = (
    *POINTING,
    b"split_conditions",
    b"split_type",
    b"default_left",
    b"base_weights",
    b"loss_changes",
    b"sum_hessian",
)
CATEGORIES = (b"categories", b"categories_nodes", b"categories_segments", b"categories_sizes")
ROOT = 2**31 - 1
"""Parent of a tree's first node."""
DEEPEST = 12


def check_structure(content: bytes) -> None:
    """Refuse a file that xgboost could not read to its end, or whose trees point nowhere.

    Parameters
    ----------
    content : bytes
        Of a file, UBJ.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    reader = _Reader(content)
    try:
        learner = reader.value()[b"learner"]
        parameters = learner[b"learner_model_param"]
        features, model = int(parameters[b"num_feature"]), learner[b"gradient_booster"][b"model"]
        sizes = (int(parameters[b"num_class"]), int(parameters.get(b"num_target", 1)), reader.place)
        if sizes != (0, 1, len(content)):
            raise ValueError("not one booster of one number")
        if learner[b"gradient_booster"][b"name"] == b"gblinear":
            if len(model[b"weights"]) != features + 1:
                raise ValueError("weights of other features")
        else:
            _check_trees(model, features)
    except (AttributeError, LookupError, OverflowError, TypeError, struct.error) as error:
        raise ValueError(f"not a booster ({error})") from None


def _check_trees(model: dict[bytes, Any], features: int) -> None:
    trees, parameters = model[b"trees"], model[b"gbtree_model_param"]
    rounds = np.asarray(model.get(b"iteration_indptr", range(len(trees) + 1)))
    in_order = rounds.tolist() == list(range(len(trees) + 1))
    if int(parameters[b"num_trees"]) != len(trees) or int(parameters[b"num_parallel_tree"]) != 1 or not in_order:
        raise ValueError("other trees than it counts")
    if np.any(np.asarray(model[b"tree_info"])) or len(model[b"tree_info"]) != len(trees):
        raise ValueError("trees of several numbers")
    if any(len(part) for part in model.get(b"cats", {}).values()):
        raise ValueError("categories")
    sizes = np.array([_size(place, tree) for place, tree in enumerate(trees)], dtype=np.int64)
    starts = np.cumsum(sizes) - sizes
    offset, of_tree = np.repeat(starts, sizes), np.repeat(sizes, sizes)
    left, right, parent, split = (np.concatenate([tree[name] for tree in trees]) for name in POINTING)
    inner = np.flatnonzero((left != -1) | (right != -1))
    parent_node = parent + offset  # as places among the nodes of all trees
    for child in (left, right):
        inside = (child[inner] >= 1) & (child[inner] < of_tree[inner])
        if not inside.all() or np.any(parent_node[child[inner] + offset[inner]] != inner):
            raise ValueError("a tree that points nowhere")
    if np.any(parent[starts] != ROOT) or np.any(left[inner] == right[inner]):
        raise ValueError("a tree in a circle")  # there is none where each has one parent and the root has none
    if np.any((split[inner] < 0) | (split[inner] >= features)):
        raise ValueError("a tree of other features")


def _size(place: int, tree: dict[bytes, Any]) -> int:
    parameters = tree[b"tree_param"]
    size = int(parameters[b"num_nodes"])
    if size < 1 or any(len(tree[name]) != size for name in PER_NODE) or tree[b"id"] != place:
        raise ValueError("a tree of other nodes than it counts")
    if any(len(tree[name]) for name in CATEGORIES) or any(tree[b"split_type"].tobytes()):
        raise ValueError("categories")
    if int(parameters[b"size_leaf_vector"]) > 1:
        raise ValueError("a tree of several numbers")
    return size


class _Reader:
    """The part of UBJSON that xgboost writes; names and texts stay bytes."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def value(self, depth: int = 0) -> Any:
        """Return the value that begins at the place reached.

        Parameters
        ----------
        depth : int
            Groups and arrays around it.
        """
        content, place = self.content, self.place
        mark = content[place]
        self.place = place + 1
        if depth > DEEPEST:
            raise ValueError("too deep")
        if mark == ARRAY:
            return self._array(depth)
        if mark == TEXT:
            return self._text()
        if mark == GROUP:
            pairs: dict[bytes, Any] = {}
            while content[self.place] != GROUP_END:
                name = self._text()
                if name in pairs:
                    raise ValueError(f"{name!r} twice")
                pairs[name] = self.value(depth + 1)
            self.place += 1
            return pairs
        kind = NUMBERS[mark]
        self.place += kind.itemsize
        return np.frombuffer(content, kind, 1, place + 1)[0].item()

    def _array(self, depth: int) -> Any:
        content, place = self.content, self.place
        if content[place] == TYPED and content[place + 2] == COUNTED:
            kind = NUMBERS[content[place + 1]]
            self.place = place + 3
            count = self._count()
            self.place += count * kind.itemsize
            return np.frombuffer(content, kind, count, self.place - count * kind.itemsize)
        if content[place] != COUNTED:
            raise ValueError("an array without its length")
        self.place = place + 1
        count = self._count()
        if count > len(content):
            raise ValueError("a length beyond the end")
        return [self.value(depth + 1) for _ in range(count)]

    def _text(self) -> bytes:
        count = self._count()
        start = self.place
        self.place = start + count
        return self.content[start : self.place]

    def _count(self) -> int:
        if self.content[self.place] != LENGTH:
            raise ValueError("a length of another kind")
        (count,) = COUNT.unpack_from(self.content, self.place + 1)
        self.place += 9
        return int(count)
