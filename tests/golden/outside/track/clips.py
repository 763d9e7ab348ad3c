"""Ten rendered clips, 44,100 Hz, 16 bit, the same bytes on every run: `python clips.py FOLDER` writes FLAC."""
import sys
from pathlib import Path

import numpy as np
import soundfile

RATE = 44100


def t(seconds):
    return np.arange(int(seconds * RATE)) / RATE


def note(semitone):
    return 440.0 * 2 ** ((semitone - 69) / 12)


def pluck(hz, seconds, decay=4.0, partials=8):
    s = t(seconds)
    return sum(np.sin(2 * np.pi * hz * k * s) * np.exp(-decay * k**0.5 * s) / k for k in range(1, partials + 1))


def place(out, sound, at):
    i = int(round(at * RATE))
    n = min(len(sound), len(out) - i)
    if n > 0:
        out[i:i + n] += sound[:n]


def drums(seconds, bpm, rng):
    out = np.zeros(int(seconds * RATE))
    beat = 60 / bpm
    kick = np.sin(2 * np.pi * (50 * t(0.25) + 60 / 30 * (1 - np.exp(-30 * t(0.25))))) * np.exp(-14 * t(0.25))
    for i in range(int(seconds / beat * 2) + 1):
        at = i * beat / 2
        if i % 2 == 0:
            place(out, kick, at)
        if i % 4 == 2:
            place(out, 0.5 * rng.standard_normal(int(0.15 * RATE)) * np.exp(-25 * t(0.15)), at)
        place(out, 0.1 * rng.standard_normal(int(0.04 * RATE)) * np.exp(-90 * t(0.04)), at)
    return out


def chords(seconds, roots, each=1.0, minor=()):
    out = np.zeros(int(seconds * RATE))
    for i in range(int(seconds / each)):
        root = roots[i % len(roots)]
        third = 3 if i % len(roots) in minor else 4
        for interval in (0, third, 7, 12):
            place(out, pluck(note(root + interval), each * 1.2, 2.0), i * each)
    return out


def clips():
    rng = np.random.default_rng(20261121)
    s = t(8)
    two = lambda a, b: np.stack([a, b], axis=1)
    song = chords(10, [48, 57, 53, 55], 1.0, minor=(1,))
    beat = drums(10, 120, rng)
    yield "song-c-major", two(song + 1.5 * beat, 0.8 * song + 1.5 * beat)
    yield "drums-96", two(drums(10, 96, rng), drums(10, 96, rng))
    yield "drums-150-mono", drums(8, 150, rng)
    yield "chords-a-minor", two(*(chords(8, [57, 53, 48, 55], 2.0, minor=(0,)) for _ in range(2)))
    scale = np.zeros(int(8 * RATE))
    for i, step in enumerate([0, 2, 4, 5, 7, 9, 11, 12] * 2):
        place(scale, pluck(note(62 + step), 0.5, 3.0), 0.5 * i)
    yield "scale-d-mono", scale
    vibrato = np.sin(2 * np.pi * 330 * s + 330 * 0.02 / 5.5 * np.sin(2 * np.pi * 5.5 * s) * 2 * np.pi / 6.283185307179586)
    yield "vibrato-330-mono", 0.5 * vibrato * np.minimum(1, s * 4)
    noise = rng.standard_normal(4 * RATE)
    yield "noise-am-4hz-mono", noise * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * s[: len(noise)]))
    yield "noise-wide", rng.standard_normal((3 * RATE, 2))
    sweep = np.sin(2 * np.pi * 40 * 8 / np.log(400) * (np.exp(s / 8 * np.log(400)) - 1))
    yield "sweep-40-16000-mono", sweep
    fade = chords(8, [50.3, 45.3, 47.3, 42.3], 1.0, minor=(2, 3)) * np.linspace(1, 0, len(s)) ** 2
    yield "fading-detuned-30-cents", two(fade, np.roll(fade, 200))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, x in clips():
        x = x / np.abs(x).max() * 0.7
        soundfile.write(folder / f"{name}.flac", np.round(x * 32767).astype(np.int16), RATE, subtype="PCM_16")
