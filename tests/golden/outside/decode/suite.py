"""Collects rows and writes `expected.tsv`, `files/`, `reference/`."""

import hashlib
import os

import numpy as np

import tools
from sound import to_i16

HEAD = [
    "name",
    "file",
    "container",
    "codec",
    "rate_hz",
    "channels",
    "frames",
    "match",
    "reference",
    "sha256",
    "code",
    "remark",
]


def floats_hash(x):
    """SHA-256 of interleaved little-endian floats."""
    return hashlib.sha256(np.asarray(x).astype("<f4").tobytes()).hexdigest()


class Suite:
    """Rows in the order they were added."""

    def __init__(self, folder, scratch, only=""):
        self.folder, self.scratch, self.only = folder, scratch, only
        self.rows, self.names, self.disagreements = [], set(), []
        for sub in ("files", "reference"):
            os.makedirs(os.path.join(folder, sub), exist_ok=True)

    def wants(self, name):
        """Whether a row is to be made in this run."""
        return self.only in name

    def temp(self, name):
        """A path below the scratch folder."""
        return os.path.join(self.scratch, name)

    def path(self, file):
        """Path of a suite's input."""
        return os.path.join(self.folder, "files", file)

    def write(self, file, data):
        """Stores an input."""
        with open(self.path(file), "wb") as f:
            f.write(data)
        return self.path(file)

    def reference(self, x):
        """Stores samples `(frames, channels)`, rounded to 16 bits; the same samples are stored once."""
        i16 = to_i16(x)
        digest = hashlib.sha256(i16.tobytes() + bytes([i16.shape[1]])).hexdigest()[:12]
        path = os.path.join(self.folder, "reference", digest + ".flac")
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write(tools.flac_bytes(i16))
        return digest

    def row(
        self,
        file,
        container,
        codec,
        rate,
        decoded,
        exact=False,
        others=(),
        code="",
        remark="",
        name=None,
        match="lsb16",
    ):
        """One row. `decoded`: floats `(frames, channels)` of the reference decoder; `exact`: the samples must be equal
        as 32-bit floats; `match` "noise": only length and level are compared; `others`: further readings that count as
        right; `code`: the error that is allowed instead, or "note": a remark that something is missing is allowed."""
        name = name or file
        assert name not in self.names, name
        self.names.add(name)
        decoded = np.asarray(decoded, dtype=np.float32)
        frames, channels = decoded.shape
        assert frames > 0 and os.path.getsize(self.path(file)) > 0, name
        # Where a hash decides, the stored samples only name a shift or a swapped channel: a part is enough.
        references = [self.reference(x[:1500] if exact else x) for x in (decoded, *others)]
        sha = ",".join(floats_hash(x) for x in (decoded, *others)) if exact else "-"
        self.rows.append(
            [
                name,
                file,
                container,
                codec,
                rate,
                channels,
                ",".join(str(len(x)) for x in (decoded, *others)),
                "exact" if exact else match,
                ",".join(references),
                sha,
                code or "-",
                remark or "-",
            ]
        )

    def refused(self, file, container, codec, code, remark=""):
        """A row that must end with this error."""
        name = file
        assert name not in self.names, name
        self.names.add(name)
        self.rows.append([name, file, container, codec, 0, 0, 0, "refused", "-", "-", code, remark or "-"])

    def same(self, name, a, b, lsb=1.0):
        """Writes down where two reference decoders disagree; returns whether they agree."""
        if a.shape != b.shape:
            self.disagreements.append(f"{name}: {a.shape} and {b.shape}")
            return False
        far = float(np.max(np.abs(np.asarray(a, dtype=np.float64) - b))) * 32768
        if far > lsb:
            self.disagreements.append(f"{name}: {far:.2f} LSB of 16 bits")
        return far <= lsb

    def finish(self):
        """Writes the table and removes files that no row names."""
        with open(os.path.join(self.folder, "expected.tsv"), "w") as f:
            for row in [HEAD, *self.rows]:
                f.write("\t".join(str(field) for field in row) + "\n")
        used = {row[1] for row in self.rows}
        kept = {name + ".flac" for row in self.rows for name in row[8].split(",")}
        for sub, names in (("files", used), ("reference", kept)):
            for name in os.listdir(os.path.join(self.folder, sub)):
                if name not in names:
                    os.remove(os.path.join(self.folder, sub, name))
