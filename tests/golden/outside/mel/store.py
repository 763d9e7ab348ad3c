"""Writes arrays as .npy (format 1.0, C order, little-endian) and keeps their lines in README.md."""

import datetime
import hashlib
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
README = HERE / "README.md"
BEGIN, END = "<!-- lines begin -->", "<!-- lines end -->"


def clip(name):
    """Samples of `clips/<name>.npy` as stored, int16 (N)."""
    return np.load(HERE / "clips" / f"{name}.npy")


def unit(name, dtype):
    """The same as floats of full scale 1; exact in f32 and f64."""
    return clip(name).astype(dtype) / dtype(32768)


def save(name, array, program, what):
    """Writes `<name>.npy` and replaces its line in README.md."""
    array = np.ascontiguousarray(array)
    assert np.isfinite(array.astype(np.float64)).all(), name
    path = HERE / f"{name}.npy"
    with open(path, "wb") as f:
        np.lib.format.write_array(f, array, version=(1, 0))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    shape = " x ".join(map(str, array.shape))
    date = datetime.date.today().isoformat()
    line = f"| `{name}.npy` | {program} | {date} | {shape} | {array.dtype.name} | {what} | {digest} |"
    text = README.read_text()
    head, rest = text.split(BEGIN)
    lines, tail = rest.split(END)
    kept = [x for x in lines.strip().split("\n") if x and not x.startswith(f"| `{name}.npy` |")]
    kept = kept[:2] + sorted(kept[2:] + [line])
    README.write_text(head + BEGIN + "\n" + "\n".join(kept) + "\n" + END + tail)
    print(f"{name}: {shape} {array.dtype.name}, {array.min():.4f} to {array.max():.4f}")
