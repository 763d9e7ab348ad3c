# Program: scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11.7, 2026-11-21.
"""Principal components, trustworthiness and continuity by scikit-learn, for crates/earprint-collection/src/map.

Run: python reference.py > results.json. Data are made of whole numbers, so no file of rows is needed: the unit tests make
the same ones (map/tests.rs, `golden_rows`).
"""

import json
import sys

import numpy
import sklearn
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.metrics import pairwise_distances

N, D = 200, 5
at = numpy.arange(N * D, dtype=numpy.int64)
rows = ((at * 7919 + at * at * 10473) % 65521 / 4096.0).reshape(N, D)
rows[:, 0] *= 3
rows[:, 1] += rows[:, 0] / 2
plane = numpy.stack([rows[:, 0] + rows[:, 2] / 4, rows[:, 1] - rows[:, 3] / 2], axis=1)

# No row has two others at nearly one distance, or the ranks would be a matter of rounding.
for values in (rows, plane):
    squares = numpy.sort(pairwise_distances(values) ** 2, axis=1)
    gaps = numpy.diff(squares, axis=1) / squares[:, 1:]
    print("smallest relative gap", gaps.min(), "below 1e-5:", int((gaps < 1e-5).sum()), file=sys.stderr)

pca = PCA(2, svd_solver="full").fit(rows)
out = {
    "made": "2026-11-21",
    "numpy": numpy.__version__,
    "scikit-learn": sklearn.__version__,
    "explained": pca.explained_variance_ratio_.tolist(),
    "components": pca.components_.tolist(),
    "projected": pca.transform(rows)[:4].tolist(),
    "trustworthiness": {k: trustworthiness(rows, plane, n_neighbors=k) for k in (1, 5, 15, 60)},
    "continuity": {k: trustworthiness(plane, rows, n_neighbors=k) for k in (1, 5, 15, 60)},
}
json.dump(out, sys.stdout, indent=1)
print()
