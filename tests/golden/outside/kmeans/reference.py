# Program: scikit-learn 1.9.1, NumPy 2.4.6, Python 3.11.7, 2026-11-21.
# Run: python reference.py [LIBRARY.db]; without a library real.x.npy stays as it is.
"""k-means of scikit-learn from given centres: NAME.x.npy (n, d) f32, NAME.init.npy (k, d) f64, and what it makes of them:
NAME.labels.npy (i8), and in results.json its inertia, passes and centres, its metrics of them, and the adjusted Rand index of the labels and
the nearest of the first centres.

scikit-learn works on the f32 numbers as f64 (Lloyd, tol 0). Its ids are ordered as earprint orders them: by size, then by
first member. `real` are the 25 numbers of 246 pieces of 14 s of recorded music (seven pieces of the Battle for Wesnoth
in four formats), scaled by deviation, the mean for what is unknown: scikit-learn takes no NaN.
"""

import json
import sqlite3
import sys
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

HERE = Path(__file__).parent
rng = np.random.default_rng(20261121)


def blobs(n, d, k, spread):
    centres = rng.standard_normal((k, d)) * 4
    return centres[rng.integers(0, k, n)] + spread * rng.standard_normal((n, d))


def real(library):
    db = sqlite3.connect(library)
    names = [r[1] for r in db.execute("pragma table_info(record)")]
    first, last = names.index("sub_bass"), names.index("phase_correlation")
    x = np.array([r[first : last + 1] for r in db.execute("select * from record order by track_id")], dtype=float)
    deviation = np.nanstd(x, axis=0)
    return np.nan_to_num((x - np.nanmean(x, axis=0)) / np.where(deviation > 0, deviation, 1))


def sets():
    yield "apart", blobs(600, 2, 6, 0.5), 6
    yield "mixed", blobs(900, 8, 9, 3.0), 9
    yield "uniform", rng.random((800, 3)), 12
    long = rng.standard_normal((700, 4)) @ np.diag([20, 3, 1, 0.1])
    yield "long", long, 7
    sizes = np.concatenate([rng.standard_normal((500, 5)), rng.standard_normal((20, 5)) + 6, rng.standard_normal((5, 5)) - 9])
    yield "unequal", sizes, 4
    yield "wide", blobs(200, 128, 20, 2.0), 20
    yield "offset", blobs(500, 6, 5, 1.0) + 1000, 5
    if len(sys.argv) > 1:
        np.save(HERE / "real.x.npy", real(sys.argv[1]).astype(np.float32))
    yield "real", np.load(HERE / "real.x.npy"), 8


def nearest(x, centres):
    return ((x[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)


def main():
    results = {}
    for name, x, k in sets():
        x = x.astype(np.float32)
        init = x[rng.choice(len(x), k, replace=False)].astype(float)
        np.save(HERE / f"{name}.x.npy", x)
        np.save(HERE / f"{name}.init.npy", init)
        model = KMeans(k, init=init, n_init=1, max_iter=1000, tol=0, algorithm="lloyd").fit(x.astype(float))
        sizes = np.bincount(model.labels_, minlength=k)
        first = [int(np.argmax(model.labels_ == c)) for c in range(k)]
        order = sorted(range(k), key=lambda c: (-sizes[c], first[c]))
        place = np.argsort(order)
        np.save(HERE / f"{name}.labels.npy", place[model.labels_].astype(np.int64))
        results[name] = {
            "k": k,
            "inertia": model.inertia_,
            "passes": model.n_iter_,
            "silhouette_squared": silhouette_score(x.astype(float), model.labels_, metric="sqeuclidean"),
            "silhouette": silhouette_score(x.astype(float), model.labels_),
            "calinski_harabasz": calinski_harabasz_score(x.astype(float), model.labels_),
            "davies_bouldin": davies_bouldin_score(x.astype(float), model.labels_),
            "rand_to_init": adjusted_rand_score(model.labels_, nearest(x.astype(float), init)),
            "centres": model.cluster_centers_[order].tolist(),
        }
        print(name, x.shape, k, model.n_iter_, model.inertia_)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
