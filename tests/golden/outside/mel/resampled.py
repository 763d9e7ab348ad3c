# Program: librosa 0.11.0 with soxr 1.1.0 (soxr_hq, its default). Run: python resampled.py EARPRINT FOLDER
"""Presets `librosa` and `whisper` of files that must be resampled, beside librosa on the same files; prints a table.

EARPRINT: the command. FOLDER: WAV files at 44.1 or 48 kHz. `librosa` is held against
power_to_db(melspectrogram(librosa.load(file))), `whisper` against whisper's definition (see whisper_mel.py) on
librosa.load(file, sr=16000), in dB (1 unit = 40 dB). Both floors lie 80 dB below the loudest value; only values above
both programs' floors are counted, and, in the third column, those within 60 dB of the peak. Lines: all bands, then the
uppermost ones.
"""

import pathlib
import subprocess
import sys
import tempfile

import librosa
import numpy as np


def librosa_db(path):
    y, rate = librosa.load(path, sr=22_050)
    power = librosa.feature.melspectrogram(
        y=y, sr=rate, n_fft=2048, hop_length=512, n_mels=128, center=True, pad_mode="constant", power=2.0
    )
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=80.0)


def whisper_db(path):
    y, rate = librosa.load(path, sr=16_000)
    stft = librosa.stft(y, n_fft=400, hop_length=160, window="hann", center=True, pad_mode="reflect")[:, :-1]
    log = np.log10(np.maximum(librosa.filters.mel(sr=rate, n_fft=400, n_mels=80) @ np.abs(stft) ** 2, 1e-10))
    return (np.maximum(log, log.max() - 8.0) + 4.0) * 10.0


def ours(command, preset, files):
    with tempfile.TemporaryDirectory() as out:
        run = [command, "mel", *map(str, files), "-o", out, "--preset", preset, "--dtype", "f32", "-q"]
        subprocess.run(run, check=True)
        unit = 40.0 if preset == "whisper" else 1.0
        return [unit * np.load(next(pathlib.Path(out).rglob(f"{f.name}.npy"))).astype(np.float64) for f in files]


def table(command, preset, theirs, files):
    bands = {}
    for file, got in zip(files, ours(command, preset, files)):
        want = theirs(file).astype(np.float64)
        assert abs(got.shape[1] - want.shape[1]) <= 1, (file, got.shape, want.shape)
        frames = min(got.shape[1], want.shape[1])
        got, want = got[:, :frames], want[:, :frames]
        floor = max(got.min(), want.min()) + 0.01
        for band, (g, w) in enumerate(zip(got, want)):
            heard = (g > floor) & (w > floor)
            bands.setdefault(band, []).append(np.stack([g[heard] - w[heard], want.max() - w[heard]]))
    bands = {band: np.concatenate(parts, axis=1) for band, parts in bands.items()}
    every = np.concatenate(list(bands.values()), axis=1)
    top = len(bands)
    print(f"{preset}: {len(files)} files, {every.shape[1]} values; median |difference| {np.median(abs(every[0])):.1e} dB")
    print("| bands | mean, dB | mean of absolute, dB | largest, dB | largest within 60 dB of the peak, dB |")
    print("|---|---|---|---|---|")
    rows = {f"0 to {top - 5}": np.concatenate([bands[b] for b in range(top - 4)], axis=1)}
    rows |= {str(b): bands[b] for b in range(top - 4, top)}
    for name, (off, below) in rows.items():
        near = abs(off[below <= 60.0])
        largest = f"{near.max():.5f}" if near.size else "no value"
        print(f"| {name} | {off.mean():+.6f} | {abs(off).mean():.6f} | {abs(off).max():.5f} | {largest} |")


if __name__ == "__main__":
    command, folder = sys.argv[1:]
    files = sorted(pathlib.Path(folder).glob("*.wav"))
    print(f"librosa {librosa.__version__}, rates {sorted({librosa.get_samplerate(f) for f in files})}")
    table(command, "librosa", librosa_db, files)
    table(command, "whisper", whisper_db, files)
