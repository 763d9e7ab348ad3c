"""Synthetic sound for the decoder goldens: every channel differs in pitch, level and onset, so that a swapped, shifted
or mixed channel shows. Deterministic: the same samples on every machine up to the last bit of `sin`, rounded to 16 bits.
"""

import numpy as np


def sound(rate, channels, seconds, seed=0):
    """Floats `(frames, channels)` in about -0.5..0.5: a tone with a harmonic, a sweep, a click, a burst of noise."""
    frames = int(round(rate * seconds))
    t = np.arange(frames) / rate
    random = np.random.Generator(np.random.Philox(1000 * seed + channels))
    out = np.empty((frames, channels))
    for c in range(channels):
        f = min(180.0 * (c + 1) + 37.0 * seed, rate / 5)
        level = 0.30 - 0.025 * c
        x = level * np.sin(2 * np.pi * f * t + c) + 0.3 * level * np.sin(2 * np.pi * 3.01 * f * t)
        top = min(rate * 0.35, 9000.0)
        x += 0.08 * np.sin(2 * np.pi * (f * t + (top - f) / (2 * seconds) * t * t))
        # Half of the length is quiet, so that encoders change their blocks; the rest begins at once.
        x *= np.where(t > seconds * (0.45 + 0.03 * c), 1.0, 0.45)
        burst = (t > seconds * (0.60 + 0.03 * c)) & (t < seconds * (0.70 + 0.03 * c))
        x += 0.06 * burst * random.standard_normal(frames)
        click = int(frames * (0.25 + 0.02 * c))
        if click < frames:
            x[click] += 0.4
        out[:, c] = x
    return out


def to_i16(x):
    """16-bit integers, rounded to the nearest."""
    return np.clip(np.rint(np.asarray(x) * 32768.0), -32768, 32767).astype("<i2")


def to_ints(x, bits):
    """Integers of `bits` bits in an int64 array, with content in the lowest bits."""
    full = 1 << (bits - 1)
    return np.clip(np.rint(np.asarray(x) * full), -full, full - 1).astype(np.int64)
