# Program: scikit-learn 1.9.1, FAISS 1.15.1, NumPy 2.4.6, Python 3.11.7, 2026-11-21.
# Run: python kmeans.py N D K [--iterations 20] [--earprint target/release/examples/kmeans_speed]
"""Peers of k-means: wall seconds of Lloyd's iteration from the same rows as first centres, one thread, normal numbers centred.

earprint's example compares its labels between instruction sets before it is timed; its `rows` is the time to take the rows (centre, lay
out), its `seconds` that of the iterations, one more pass for the labels of the last centres, and the inertia. scikit-learn copies and centres
too, and has that pass. FAISS takes the rows as they are and ends with centres. The inertias say that all did the same work.

Not shown: clustered data, other numbers of threads (one line of earprint has all of them).
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("n", "d", "k"):
        arguments.add_argument(name, type=int)
    arguments.add_argument("--iterations", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--earprint", default="target/release/examples/kmeans_speed")
    args = arguments.parse_args()
    rng = np.random.default_rng(1)
    x = rng.standard_normal((args.n, args.d)).astype(np.float32)
    x -= x.mean(axis=0)
    init = x[rng.choice(args.n, args.k, replace=False)]

    import faiss
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    faiss.omp_set_num_threads(1)

    def tell(peer, work):
        best, inertia = float("inf"), None
        for _ in range(args.rounds):
            start = time.perf_counter()
            inertia = work()
            best = min(best, time.perf_counter() - start)
        print(json.dumps({"peer": peer, "seconds": round(best, 3), "inertia": float(inertia)}), flush=True)

    def of_faiss():
        model = faiss.Kmeans(args.d, args.k, niter=args.iterations, max_points_per_centroid=args.n, min_points_per_centroid=1)
        model.train(x, init_centroids=init)
        return model.obj[-1]

    def of_sklearn():
        with threadpool_limits(1):
            model = KMeans(args.k, init=init, n_init=1, max_iter=args.iterations, tol=0, algorithm="lloyd")
            return model.fit(x).inertia_

    with tempfile.TemporaryDirectory() as folder:
        rows, centres = Path(folder) / "x.npy", Path(folder) / "init.npy"
        np.save(rows, x)
        np.save(centres, init.astype(np.float64))
        for _ in range(args.rounds):
            out = subprocess.check_output([args.earprint, str(rows), str(centres), str(args.iterations)])
            for line in out.decode().splitlines():
                print(json.dumps({"peer": "earprint", **json.loads(line)}), flush=True)
    tell("faiss", of_faiss)
    tell("scikit-learn", of_sklearn)


if __name__ == "__main__":
    main()
