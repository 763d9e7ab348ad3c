# Program: librosa 0.11.0 on NumPy 2.4.6 and SciPy 1.17.1, Python 3.11.7, 2026-11-21. Run: python librosa_mel.py
"""Preset `librosa`: melspectrogram(sr=22050, n_fft=2048, hop_length=512, n_mels=128) with zero padding, power_to_db.

f32 is the program as it comes with f32 samples. f64: samples and filter bank in f64. Values: (bands, frames).
"""

import os
import warnings

# A product split over threads sums in another order: last digits would depend on the machine's cores.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import librosa  # noqa: E402
import numpy as np  # noqa: E402

import store  # noqa: E402

if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="n_fft=")  # the short clip is shorter than n_fft on purpose
    for clip in ["varied-22050", "short-22050", "silence"]:
        for dtype, short in [(np.float32, "f32"), (np.float64, "f64")]:
            power = librosa.feature.melspectrogram(
                y=store.unit(clip, dtype), sr=22_050, n_fft=2048, hop_length=512, n_mels=128, center=True,
                pad_mode="constant", power=2.0, dtype=dtype,
            )  # fmt: skip
            db = librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)
            assert db.dtype == dtype
            store.save(f"{clip}.librosa.librosa.{short}", db, f"librosa {librosa.__version__}", "all frames")
