"""What other programs say of tracks: librosa, pyloudnorm, SciPy, ffmpeg; nothing of earprint.

    python reference.py OUT.json FOLDER     FLAC and WAV files of 44,100 Hz; a track is called as its file, without suffix

Each number is there twice, `"track/number": [library, definition]`:
`library`     the program's own function as it comes, with earprint's frame sizes where it takes any (this file);
`definition`  earprint's written definition in f64 from parts of the same programs (definition.py).
null: unknown, or the program has no such function. Eight digits are kept; earprint's f32 have seven.
"""

import os

# A product split over threads sums in another order: last digits would depend on the machine's cores.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import json  # noqa: E402
import re  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import pyloudnorm  # noqa: E402
import scipy.signal  # noqa: E402
import soundfile  # noqa: E402

import definition  # noqa: E402

HOP, N_FFT, RATE = 1024, 4096, 44_100


def library(x, path):
    """Numbers of samples (N, C) as the programs give them, by name; None where a program has none."""
    mono = x.mean(axis=1)
    out = dict.fromkeys(definition.NUMBERS)
    spectrum(mono, out)
    levels(x, out)
    loudness(x, path, out)
    rhythm(mono, out)
    harmony(mono, out)
    return out


def spectrum(mono, out):
    """librosa's features of its own spectrum; every frame counts, also silent ones."""
    power = np.abs(librosa.stft(mono, n_fft=N_FFT, hop_length=HOP, pad_mode="constant")) ** 2
    hz = librosa.fft_frequencies(sr=RATE, n_fft=N_FFT)
    f = librosa.feature
    out["centroid"] = np.median(f.spectral_centroid(S=power, freq=hz))
    out["rolloff"] = np.median(f.spectral_rolloff(S=power, freq=hz, roll_percent=0.85))
    out["flatness"] = np.median(f.spectral_flatness(S=power, power=1.0))
    out["bandwidth"] = np.median(f.spectral_bandwidth(S=power, freq=hz))
    harmonic, percussive = librosa.decompose.hpss(np.sqrt(power), kernel_size=31)
    h, p = (harmonic**2).sum(), (percussive**2).sum()
    out["harmonic_ratio"] = h / (h + p)
    mel = f.melspectrogram(S=power, sr=RATE, n_fft=N_FFT)
    mfcc = f.mfcc(S=librosa.power_to_db(mel), n_mfcc=13)
    for i in range(13):
        out[f"mfcc_mean_{i}"], out[f"mfcc_std_{i}"] = mfcc[i].mean(), mfcc[i].std()
    rms = f.rms(y=mono, frame_length=N_FFT, hop_length=HOP, center=True, pad_mode="constant")
    out["rms_mean"], out["rms_std"] = rms.mean(), rms.std()
    out["silence_ratio"] = (rms < 0.01 * rms.max()).mean()
    out["zero_crossing_rate"] = librosa.zero_crossings(mono, pad=False).sum() / (len(mono) / RATE)


def levels(x, out):
    """NumPy and SciPy; nothing of it has two readings but the true peak's filter."""
    out["crest"] = 20 * np.log10(np.abs(x).max() / np.sqrt((x**2).mean()))
    quarter = librosa.util.frame(x.T, frame_length=22_050, hop_length=11_025)
    peaks, rms = np.abs(quarter).max(axis=(0, 1)), np.sqrt((quarter**2).mean(axis=(0, 1)))
    loud = peaks > 0
    out["crest_variation"] = np.std(20 * np.log10(peaks[loud] / rms[loud]))
    out["peak_consistency"] = 1 / (1 + np.std(peaks[loud]) / np.mean(peaks[loud]))
    over = scipy.signal.resample_poly(x, 4, 1, axis=0)
    out["true_peak"] = 20 * np.log10(np.abs(over).max())
    if x.shape[1] == 2:
        mid, side = (x[:, 0] + x[:, 1]) / 2, (x[:, 0] - x[:, 1]) / 2
        out["stereo_width"] = (side**2).sum() / ((mid**2).sum() + (side**2).sum())
        out["phase_correlation"] = np.corrcoef(x.T)[0, 1]


def loudness(x, path, out):
    """pyloudnorm with its standard filters, and ffmpeg's ebur128 beside it."""
    meter = pyloudnorm.Meter(RATE)
    out["loudness"] = meter.integrated_loudness(x)
    momentary = np.array(meter.blockwise_loudness)
    out["loudness_variation"] = momentary[momentary > -70].std()
    if len(x) >= 3 * RATE:
        out["loudness_range"] = meter.loudness_range(x)
    graph = "ebur128=peak=true:metadata=1:dualmono=false,ametadata=print:file=-"
    command = ["ffmpeg", "-hide_banner", "-nostats", "-v", "error", "-i", str(path), "-af", graph, "-f", "null", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    last = dict(re.findall(r"lavfi\.r128\.(\w+)=(\S+)", text))
    out["loudness_ffmpeg"] = float(last["I"])
    if len(x) >= 3 * RATE:
        out["loudness_range_ffmpeg"] = float(last["LRA"])
    peak = max(float(v) for k, v in last.items() if k.startswith("true_peaks_ch"))
    out["true_peak_ffmpeg"] = 20 * np.log10(peak)


def rhythm(mono, out):
    """librosa's onset strength, onset detector and beat tracker."""
    envelope = librosa.onset.onset_strength(y=mono, sr=RATE, n_fft=N_FFT, hop_length=HOP)
    out["flux"] = envelope.mean()
    onsets = librosa.onset.onset_detect(onset_envelope=envelope, sr=RATE, hop_length=HOP)
    out["onset_rate"] = len(onsets) / (len(mono) / RATE)
    tempo, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=RATE, hop_length=HOP, units="time")
    if len(beats) >= 4:
        gaps = np.diff(beats)
        out["tempo"] = 60 / np.median(gaps)
        out["rhythm_stability"] = 1 / (1 + gaps.std() / gaps.mean())


def harmony(mono, out):
    """librosa's constant-Q chroma and tuning; key and tonnetz of that chroma; librosa's YIN."""
    tuning = librosa.estimate_tuning(y=mono, sr=RATE)
    out["tuning"] = 100 * tuning
    chroma = librosa.feature.chroma_cqt(
        y=mono, sr=RATE, hop_length=HOP, fmin=definition.C1, norm=1, n_octaves=7, bins_per_octave=36, tuning=3 * tuning
    )
    out["chroma_concentration"] = (((chroma**2).sum(axis=0) - 1 / 12) / (1 - 1 / 12)).mean()
    definition.of_chroma(chroma.mean(axis=1), out)
    # librosa's YIN has no word for "unvoiced": frames are those that are voiced by the definition.
    sizes = {"sr": RATE, "frame_length": N_FFT, "hop_length": HOP}
    f0 = librosa.yin(mono, fmin=65, fmax=2093, trough_threshold=0.15, pad_mode="constant", **sizes)
    voiced = definition.f0(mono) > 0
    out["pitch_stability"] = definition.stability(np.where(voiced, f0, 0.0))


def plain(v):
    """A number of eight digits, a word, or None."""
    if v is None or isinstance(v, str):
        return v
    return float(f"{float(v):.8g}") if np.isfinite(v) else None


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    target, folder = sys.argv[1:]
    files = [p for p in Path(folder).iterdir() if p.suffix in (".flac", ".wav")]
    ffmpeg = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    versions = {p: version(p) for p in ("librosa", "numpy", "pyloudnorm", "scipy", "soundfile")} | {"ffmpeg": ffmpeg}
    lines = [f' "{k}": "{v}"' for k, v in versions.items()]
    for path in sorted(files):
        print(path.stem, file=sys.stderr)
        x, rate = soundfile.read(path, dtype="float64", always_2d=True)
        assert rate == RATE, f"{path}: {rate} Hz; expected {RATE}"
        theirs, ours = library(x, path), definition.describe(x)
        for name in ("tempo_tracker", "rhythm_stability_tracker"):
            theirs[name], ours[name] = ours[name], None
        for name in definition.NUMBERS:
            pair = json.dumps([plain(theirs[name]), plain(ours[name])])
            lines.append(f' "{path.stem}/{name}": {pair}')
    Path(target).write_text("{\n" + ",\n".join(lines) + "\n}\n")
