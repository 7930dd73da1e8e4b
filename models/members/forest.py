"""Regression trees as plain arrays: what scikit-learn grew, stored without pickles and walked by one compiled loop."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba as nb
import numpy as np

from pipelines.core.compiled import njit
from pipelines.core.panel import Array


@dataclass(frozen=True)
class Trees:
    """Trees under one another; a node's children are positions in the same arrays.

    Attributes:
        roots: [t] position of each tree's first node.
        feature: [k] column a node asks for, -1 for a leaf.
        threshold: [k] go left where the value is ≤ it.
        left: [k] position.
        right: [k] position.
        value: [k] what a leaf says.
        start: added to the sum of all trees.
        factor: on each tree's value: 1 / t for a forest, the learning rate for boosting.
    """

    roots: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array
    start: float
    factor: float

    def predict(self, matrix: Array) -> Array:
        """[r] start + factor × Σ trees, for features [r, f] without NaN."""
        features = np.ascontiguousarray(matrix, dtype=np.float32)
        arrays = (self.roots, self.feature, self.threshold, self.left, self.right, self.value)
        return np.asarray(self.start + self.factor * _walk(features, *arrays))

    def importance(self, columns: int) -> Array:
        """[f] share of the inner nodes that ask for each column."""
        counts = np.bincount(self.feature[self.feature >= 0], minlength=columns)[:columns]
        return np.asarray(counts / max(counts.sum(), 1))

    def save(self, path: Path) -> None:
        """Write the arrays, in NumPy's own format without pickles."""
        np.savez_compressed(path, **self.__dict__)

    @classmethod
    def load(cls, path: Path) -> "Trees":
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(**{**arrays, "start": float(arrays["start"]), "factor": float(arrays["factor"])})


def from_sklearn(estimators: list[Any], start: float, factor: float) -> Trees:
    """The arrays of fitted trees of scikit-learn.

    Args:
        estimators: trees.
        start: see :class:`Trees`.
        factor: see :class:`Trees`.

    Returns:
        The trees.
    """
    trees = [estimator.tree_ for estimator in estimators]
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.concatenate([[0], sizes.cumsum()[:-1]]).astype(np.int64)

    def joined(name: str, shift: bool = False) -> Array:
        return np.concatenate([getattr(t, name) + (root if shift else 0) for t, root in zip(trees, roots, strict=True)])

    return Trees(
        roots,
        np.where(joined("children_left") < 0, -1, joined("feature")).astype(np.int32),
        joined("threshold").astype(np.float64),
        joined("children_left", True).astype(np.int32),
        joined("children_right", True).astype(np.int32),
        np.concatenate([t.value[:, 0, 0] for t in trees]).astype(np.float64),
        start,
        factor,
    )


@njit(parallel=True)
def _walk(
    matrix: Array, roots: Array, feature: Array, threshold: Array, left: Array, right: Array, value: Array
) -> Array:  # pragma: no cover - compiled
    out = np.zeros(matrix.shape[0])
    for r in nb.prange(matrix.shape[0]):
        total = 0.0
        for t in range(roots.shape[0]):
            node = roots[t]
            while feature[node] >= 0:
                node = left[node] if matrix[r, feature[node]] <= threshold[node] else right[node]
            total += value[node]
        out[r] = total
    return out
