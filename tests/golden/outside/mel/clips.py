# Program: this file alone. NumPy 2.4.6, Python 3.11.7, 2026-11-21. Run: python clips.py
"""The input clips of the mel goldens, 16-bit, from integer arithmetic only: no rounding of any machine enters.

Every varied clip has ten equal parts: chirp with noise, digital silence, clicks in silence, the chirp 36 dB lower,
noise alone, a chord of three with noise, chirp with clicks, a slow fade, chirp driven into full scale, noise gated.
`tone` is a full-scale sine without any noise: the hardest case for f32, since the bands far from it hold only the
rounding to 16 bits, some 100 dB below it.
"""

import numpy as np

import store


def split_mix(seed, n):
    """SplitMix64 (Steele, Lea, Flood 2014) of counters 0..n, as uint64."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def noise(seed, n):
    """Uniform integers in -32768..32767."""
    return (split_mix(seed, n) >> np.uint64(48)).astype(np.int64) - 32768


def wave(step):
    """Parabola arcs (a sine with its third harmonic 29 dB lower), +-32768; `step` is 2^-32 turns a sample."""
    x = ((np.cumsum(step) >> 16) & 0xFFFF) - 32768
    return (x * (32768 - np.abs(x))) >> 13


def hertz(f, rate):
    """2^-32 turns a sample."""
    return np.int64(f * 2**32 // rate)


def varied(seed, n, rate):
    i = np.arange(n, dtype=np.int64)
    low, high = hertz(60, rate), hertz(rate * 2 // 5, rate)
    chirp = wave(low + (high - low) * i // n)
    chord = sum(wave(np.full(n, hertz(f, rate))) for f in (rate // 37, rate // 11, rate // 5)) // 3
    hiss = noise(seed, n)
    since = i % 701
    clicks = np.where(since < 80, noise(seed + 1, n) >> (since // 8), 0)
    part = np.minimum(i * 10 // n, 9)
    inside = i * 10 % n  # 0..n within a part, in tenths of a sample
    mix = [
        chirp // 2 + hiss // 50,
        0 * i,
        clicks // 2,
        chirp // 64 + hiss // 1600,
        hiss // 8,
        chord // 2 + hiss // 100,
        chirp // 3 + hiss // 64 + clicks // 3,
        ((chord // 2 + hiss // 40) * (n - inside)) // n,
        chirp * 3 // 2 + hiss // 30,
        np.where((i // 300) % 2 == 0, hiss // 5, chirp // 4 + hiss // 90),
    ]
    return np.clip(np.choose(part, mix), -32768, 32767)


def tone(n):
    """cos(w i) to 16 bits with cos(w) = 0.8819, about 320 Hz at 4096 Hz: no period that a frame could fit."""
    # Chebyshev's c[k + 1] = 2 c[1] c[k] - c[k - 1] in Python's integers, 120 binary digits.
    one = 1 << 120
    c = [one, one * 8819 // 10_000]
    while len(c) < n:
        c.append(2 * c[1] * c[-1] // one - c[-2])
    return np.array([(v * 32767 + one // 2) // one for v in c], dtype=np.int64)


if __name__ == "__main__":
    clips = {
        "varied-4096": varied(1, 40_960, 4096),
        "varied-22050": varied(2, 66_150, 22_050),
        "varied-16000": varied(3, 48_000, 16_000),
        "short-4096": varied(4, 400, 4096),
        "short-22050": varied(5, 1500, 22_050),
        "short-16000": varied(6, 300, 16_000),
        "tone-4096": tone(8192),
        "silence": np.zeros(3000, dtype=np.int64),
    }
    for name, samples in clips.items():
        store.save(f"clips/{name}", samples.astype("<i2"), "clips.py", "samples")
