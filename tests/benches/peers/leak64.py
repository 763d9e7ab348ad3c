# Program: librosa 0.11.0, torchaudio 2.11.0, torch 2.11.0, NumPy 2.4.6, Python 3.11.7, 2026-11-21.
# Run: python leak64.py FOLDER [--files N] [--peer NAME ...] [--earprint features.npy]
#      python leak64.py --make N          (N synthetic files in a temporary folder)
"""Peers on the job `leak-64`: 10 s WAV at 4096 Hz, 16-bit mono, to 237 rows of 32 bands, power averaged over 29 frames.

Each peer runs in a process of its own. In the clock: opening and reading each file, samples to float, windows, mel, mean
of power, dB, f16. Not in the clock: imports, tables built once per process, writing, and one run to warm up. Every peer's
result on its own files is checked first, against the definition in f64 written out below; a peer that is further off than
CHECK_DB is not timed. With --earprint, rows of `earprint` for the same folder (sorted paths) are checked the same way.
One JSON line a peer. CPU seconds are of the whole process, all threads, user and system, least of three rounds; torch's
threads spin while they wait, so with more than one thread and a busy machine (`load`) they cost more than they compute.

Not shown: reading from a cold disk (files were just read by the check), writing, how peers spread over many processes.
"""

import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

RATE, CLIP, SHORT, N_FFT, HOP, BANDS, ROWS = 4096, 40_960, 512, 64, 16, 32, 237
ALL_FILES = 39_563
CHECK_DB = 0.02
# Half a step of f16 below 128 dB.
HALF_STEP_DB = 0.03125
STARTS = np.array([512 * a + 256 * b for a in range(79) for b in range(3)])
# Files a call, and how many files are a fair sample.
PEERS = {
    "librosa-per-segment": (1, 4),
    "librosa-batched": (1, 32),
    "torchaudio-batched-1": (1, 64),
    "torchaudio-batched-16": (16, 128),
    "torchaudio-batched-64": (64, 128),
    "torchaudio-batched-1-one-thread": (1, 64),
    "torchaudio-batched-16-one-thread": (16, 128),
    "torchaudio-batched-64-one-thread": (64, 128),
    "torch-shared-frames-1-one-thread": (1, 256),
    "torch-shared-frames-16-one-thread": (16, 256),
}


def make(folder, count):
    """`count` files: tones, noise and a silent stretch, from a seed."""
    for i in range(count):
        rng = np.random.default_rng(i)
        t = np.arange(CLIP) / RATE
        x = 0.4 * np.sin(2 * np.pi * (80 + 17 * (i % 60)) * t) + 0.05 * rng.standard_normal(CLIP)
        x[CLIP * (i % 10) // 10 :][: CLIP // 10] *= i % 3 / 2
        data = np.round(np.clip(x, -1, 1) * 32767).astype("<i2").tobytes()
        head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt "
        head += struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
        (folder / f"{i:05}.wav").write_bytes(head + b"data" + struct.pack("<I", len(data)) + data)


def read(path):
    """Samples (40960) of a 16-bit mono WAV, cut or zero-padded, as int16: no reader is faster than these lines."""
    raw = path.read_bytes()
    assert raw[:4] == b"RIFF" and raw[8:12] == b"WAVE", path
    at = 12
    while raw[at : at + 4] != b"data":
        if raw[at : at + 4] == b"fmt ":
            assert struct.unpack_from("<HHI", raw, at + 8) == (1, 1, RATE), f"{path}: expected 16-bit mono at {RATE} Hz"
        size = struct.unpack_from("<I", raw, at + 4)[0]
        at += 8 + size + size % 2
    size = min(struct.unpack_from("<I", raw, at + 4)[0], len(raw) - at - 8)
    samples = np.frombuffer(raw, "<i2", size // 2, at + 8)[:CLIP]
    return samples if len(samples) == CLIP else np.concatenate([samples, np.zeros(CLIP - len(samples), "<i2")])


def bank64():
    """The filter bank (32, 33) in f64, from the definition: HTK scale, area 1."""
    mel = np.linspace(0, 2595 * np.log10(1 + 2048 / 700), BANDS + 2)
    edge = 700 * (10 ** (mel / 2595) - 1)
    hz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    left, centre, right = edge[:-2, None], edge[1:-1, None], edge[2:, None]
    return np.maximum(0, np.minimum((hz - left) / (centre - left), (right - hz) / (right - centre))) * 2 / (right - left)


def reference(path):
    """(237, 32) dB in f64 from the definition."""
    x = read(path).astype(np.float64) / 32768
    frames = x[STARTS[:, None, None] + HOP * np.arange(29)[:, None] + np.arange(N_FFT)]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    power = (np.abs(np.fft.rfft(frames * hann)) ** 2).mean(1)
    return 10 * np.log10(np.maximum(power @ bank64().T, 1e-10))


def librosa_peer(batched):
    import librosa

    keys = dict(
        sr=RATE, n_fft=N_FFT, hop_length=HOP, center=False, n_mels=BANDS, fmin=0.0, fmax=2048.0, htk=True, norm="slaney",
        power=2.0,
    )  # fmt: skip

    def db(segments):
        power = librosa.feature.melspectrogram(y=segments, **keys).mean(-1)
        return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None)

    def run(paths):
        out = []
        for path in paths:
            x = read(path).astype(np.float32) / np.float32(32768)
            if batched:
                out.append(db(x[STARTS[:, None] + np.arange(SHORT)]))
            else:
                out.append(np.stack([db(x[s : s + SHORT]) for s in STARTS]))
        return np.stack(out)

    return run, f"librosa {librosa.__version__}"


def torch_peer(shared, threads):
    import torch
    import torchaudio

    # 33 bins are few for 32 bands: some bands are empty, in every implementation.
    warnings.filterwarnings("ignore", message="At least one mel filterbank")
    if threads:
        torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    to_db = torchaudio.transforms.AmplitudeToDB(stype="power", top_db=None)
    mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=RATE, n_fft=N_FFT, hop_length=HOP, center=False, n_mels=BANDS, f_min=0.0, f_max=2048.0,
        mel_scale="htk", norm="slaney", power=2.0,
    )  # fmt: skip
    starts = torch.from_numpy(STARTS)

    def samples(paths):
        return torch.from_numpy(np.stack([read(p) for p in paths])).to(torch.float32).mul_(1 / 32768)

    def segments(paths):
        x = samples(paths)[:, starts[:, None] + torch.arange(SHORT)]
        return to_db(mel(x).mean(-1)).numpy()

    def frames_once(paths):
        # Every frame of the file once, summed over 29 neighbours at every 16th (256 samples), then 159 to 237 rows.
        power = mel.spectrogram(samples(paths))
        power = torch.nn.functional.avg_pool1d(power, 29, 16)
        return to_db(mel.mel_scale(power))[:, :, starts // 256].transpose(1, 2).numpy()

    versions = f"torchaudio {torchaudio.__version__}, torch {torch.__version__}, {torch.get_num_threads()} threads"
    return (frames_once if shared else segments), versions


def peer(name):
    if name.startswith("librosa"):
        return librosa_peer(name == "librosa-batched")
    return torch_peer(name.startswith("torch-shared"), 1 if name.endswith("one-thread") else None)


def time_peer(name, paths):
    run, version = peer(name)
    step, sample = PEERS[name]
    paths = paths[:sample]
    step = min(step, len(paths))
    batches = [paths[i : i + step] for i in range(0, len(paths), step)]
    # Checked first; this also warms up.
    checked = 0.0
    for batch in batches[: max(1, 8 // step)]:
        got = run(batch)
        assert got.shape == (len(batch), ROWS, BANDS) and np.isfinite(got).all(), name
        want = np.stack([reference(p) for p in batch])
        checked = max(checked, float(np.abs(got - want).max()))
    if checked > CHECK_DB:
        sys.exit(f"{name}: {checked:.2e} dB from the definition, allowed {CHECK_DB}; not timed")
    rounds = []
    for _ in range(3):
        cpu, wall = time.process_time(), time.perf_counter()
        rows = 0
        for batch in batches:
            rows += np.clip(run(batch), -65504, 65504).astype(np.float16).shape[1] * len(batch)
        rounds.append((time.process_time() - cpu, time.perf_counter() - wall))
        assert rows == ROWS * len(paths)
    cpu, wall = min(rounds)
    line = {
        "name": name, "version": version, "files": len(paths), "files_a_call": step, "cpu_s": round(cpu, 4),
        "wall_s": round(wall, 4), "cpu_s_a_file": round(cpu / len(paths), 6),
        "projected_cpu_s_39563": round(cpu / len(paths) * ALL_FILES, 1), "checked_db": checked,
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    print(json.dumps(line), flush=True)


def check_earprint(features, paths):
    got = np.load(features, mmap_mode="r")
    bound = CHECK_DB + (HALF_STEP_DB if got.dtype == np.float16 else 0)
    worst = 0.0
    for i, path in enumerate(paths):
        rows = got[ROWS * i : ROWS * (i + 1), :, 0].astype(np.float64)
        worst = max(worst, float(np.abs(rows - reference(path)).max()))
    print(json.dumps({"name": "earprint", "files": len(paths), "checked_db": worst, "dtype": got.dtype.name}), flush=True)
    if not worst <= bound:
        sys.exit(f"earprint: {worst:.2e} dB from the definition, allowed {bound}")


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("folder", nargs="?", type=pathlib.Path, help="WAV files of 10 s at 4096 Hz, 16-bit mono")
    p.add_argument("--make", type=int, metavar="N", help="make N synthetic files instead")
    p.add_argument("--files", type=int, help="at most this many files (default: a fair sample for each peer)")
    p.add_argument("--peer", action="append", choices=list(PEERS), help="only this one; may be repeated")
    p.add_argument("--earprint", type=pathlib.Path, help="features.npy of earprint for the same folder")
    p.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.folder
        if folder is None:
            folder = pathlib.Path(temporary)
            make(folder, a.make or 128)
        paths = sorted(folder.rglob("*.wav"))[: a.files]
        if not paths:
            p.error(f"no .wav in {folder}")
        if a.earprint:
            check_earprint(a.earprint, paths)
        if a.here:
            return time_peer(a.peer[0], paths)
        failed = 0
        for name in a.peer or PEERS:
            # A process each: threads, caches and clocks of one peer do not reach the next.
            command = [sys.executable, __file__, str(folder), "--peer", name, "--here"]
            command += ["--files", str(a.files)] if a.files else []
            failed |= subprocess.run(command).returncode
        sys.exit(failed)


if __name__ == "__main__":
    main()
