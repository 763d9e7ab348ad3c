# Program: soxr 1.1.0 (quality HQ). Run: python resample_edge.py
"""Response of soxr_hq between pairs of rates, measured with tones: share of the lower Nyquist frequency, dB.

`crates/earprint-audio/tests/resample.rs` holds our filter against the first table.
"""

import numpy as np
import soxr

SHARES = [0.5, 0.91, 0.92, 0.925, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99, 1.001, 1.01]

if __name__ == "__main__":
    for a, b in ((44_100, 22_050), (48_000, 22_050), (44_100, 16_000), (48_000, 16_000)):
        t = np.arange(2 * a) / a
        print(f"{a} to {b}")
        for share in SHARES:
            hz = share * min(a, b) / 2
            y = soxr.resample(np.sin(2 * np.pi * hz * t), a, b, quality="HQ")
            y = y[len(y) // 4 : 3 * len(y) // 4]
            w, seen = np.hanning(len(y)), min(hz, b - hz)
            level = 2 * abs(np.sum(w * y * np.exp(-2j * np.pi * seen / b * np.arange(len(y))))) / np.sum(w)
            print(f"  {share:.3f} {20 * np.log10(level + 1e-30):10.5f}")
