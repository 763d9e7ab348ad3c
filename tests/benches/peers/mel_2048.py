# Program: librosa 0.11.0 on NumPy 2.4.6 and SciPy 1.17.1, Python 3.11.7, 2026-11-21. Run: python mel_2048.py [--minutes N]
"""librosa's mel 2048/512/128 at 22,050 Hz with power_to_db: CPU ms per minute of audio, samples in memory.

The result is checked first against the definition in f64 (filter bank and transform written out here). In the clock: mel
and dB. Not in the clock: imports, decoding, one run to warm up. Threads are limited to one. One JSON line.
"""

import argparse
import json
import os
import time

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = "1"

import librosa  # noqa: E402
import numpy as np  # noqa: E402

RATE, N_FFT, HOP, BANDS = 22_050, 2048, 512, 128
CHECK_DB = 1e-2


def bank64():
    """Slaney's scale (linear to 1 kHz, 27 mels per factor 6.4 above), area 1: (128, 1025)."""
    top = 15 + 27 * np.log(RATE / 2 / 1000) / np.log(6.4)
    mel = np.linspace(0, top, BANDS + 2)
    edge = np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))
    hz = np.arange(N_FFT // 2 + 1) * RATE / N_FFT
    left, centre, right = edge[:-2, None], edge[1:-1, None], edge[2:, None]
    return np.maximum(0, np.minimum((hz - left) / (centre - left), (right - hz) / (right - centre))) * 2 / (right - left)


def reference(x):
    padded = np.pad(x.astype(np.float64), N_FFT // 2)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    db = 10 * np.log10(np.maximum(bank64() @ (np.abs(np.fft.rfft(frames * hann)) ** 2).T, 1e-10))
    return np.maximum(db, db.max() - 80)


def theirs(x):
    power = librosa.feature.melspectrogram(
        y=x, sr=RATE, n_fft=N_FFT, hop_length=HOP, n_mels=BANDS, center=True, pad_mode="constant", power=2.0
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--minutes", type=float, default=1.0, help="minutes of audio in one call")
    p.add_argument("--repeats", type=int, default=9)
    a = p.parse_args()
    n = int(a.minutes * 60 * RATE)
    t = np.arange(n) / RATE
    x = (0.4 * np.sin(2 * np.pi * (100 + 20 * t) * t) + 0.03 * np.random.default_rng(1).standard_normal(n)).astype(np.float32)
    checked = float(np.abs(theirs(x) - reference(x)).max())
    assert checked <= CHECK_DB, f"{checked:.2e} dB from the definition, allowed {CHECK_DB}"
    ms = []
    for _ in range(a.repeats):
        start = time.process_time()
        theirs(x)
        ms.append((time.process_time() - start) * 1000 / a.minutes)
    line = {
        "name": "librosa-mel-2048-512-128", "version": f"librosa {librosa.__version__}", "minutes": a.minutes,
        "cpu_ms_a_minute": {"least": round(min(ms), 2), "median": round(float(np.median(ms)), 2)}, "checked_db": checked,
    }  # fmt: skip
    print(json.dumps(line))
