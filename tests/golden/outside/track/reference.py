"""Independent numbers for the track descriptor: librosa, pyloudnorm, scipy, NumPy; none of earprint's code.

    python reference.py OUT.json FILE...

Each file is read by libsndfile (44,100 Hz expected), everything else is the library named beside the number. What a library
defines differently is computed as the library does it: the differences are explained in README.md, not hidden here.
"""
import json
import sys
import warnings

import librosa
import numpy as np
import pyloudnorm
import scipy.signal
import soundfile

warnings.filterwarnings("ignore")
BANDS = [(20, 60), (60, 250), (250, 500), (500, 2000), (2000, 4000), (4000, 6000), (6000, 20000)]
NAMES = "sub_bass bass low_mid mid upper_mid presence air".split()


def describe(path):
    x, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 44100, f"{path}: {rate} Hz; expected 44100"
    mono = x.mean(axis=1, dtype=np.float64).astype(np.float32)
    out = {}

    # One STFT, power.
    spec = librosa.stft(mono, n_fft=4096, hop_length=1024, window="hann", center=True, pad_mode="constant")
    power = np.abs(spec).astype(np.float64) ** 2
    hz = librosa.fft_frequencies(sr=rate, n_fft=4096)
    padded = np.pad(mono.astype(np.float64), 2048)
    frames = librosa.util.frame(padded, frame_length=4096, hop_length=1024)
    level = (frames**2).mean(axis=0)
    on = level > 1e-6 * level.max()

    bands = np.array([power[(hz >= a) & (hz < b)].sum() for a, b in BANDS])
    out.update(zip(NAMES, bands / bands.sum()))
    out["bass_mid_ratio"] = 10 * np.log10(bands[1] / (bands[2] + bands[3]))
    magnitude = np.sqrt(power[:, on])
    # librosa takes the centroid of what it is given: power here, as trk-1 does.
    out["centroid"] = np.median(librosa.feature.spectral_centroid(S=magnitude**2, freq=hz))
    out["rolloff"] = np.median(librosa.feature.spectral_rolloff(S=magnitude**2, freq=hz, roll_percent=0.85))
    out["flatness"] = np.median(librosa.feature.spectral_flatness(S=magnitude, amin=1e-30, power=2.0))
    out["bandwidth"] = np.median(librosa.feature.spectral_bandwidth(S=magnitude**2, freq=hz, norm=True, p=2))

    # Levels.
    peak = np.abs(x).max()
    out["crest"] = 20 * np.log10(peak / np.sqrt((x.astype(np.float64) ** 2).mean()))
    meter = pyloudnorm.Meter(rate)
    if len(x) >= 0.4 * rate:
        out["loudness"] = meter.integrated_loudness(x.astype(np.float64))
        out["loudness_range"] = meter.loudness_range(x.astype(np.float64)) if hasattr(meter, "loudness_range") else None
    all_level = np.mean([(librosa.util.frame(np.pad(c.astype(np.float64), 2048), frame_length=4096, hop_length=1024) ** 2)
                         .mean(axis=0) for c in x.T], axis=0)
    out["silence_ratio"] = float((all_level < 1e-4 * all_level.max()).mean())
    half = librosa.util.frame(x.T.astype(np.float64), frame_length=22050, hop_length=11025)
    peaks = np.abs(half).max(axis=(0, 1))
    rms = np.sqrt((half**2).mean(axis=(0, 1)))
    loud = rms > 0
    out["crest_variation"] = np.std(20 * np.log10(peaks[loud] / rms[loud]))
    out["peak_consistency"] = 1 / (1 + np.std(peaks) / np.mean(peaks))
    true = [np.abs(scipy.signal.resample_poly(c.astype(np.float64), 4, 1)).max() for c in x.T]
    out["true_peak"] = 20 * np.log10(max(true))
    if x.shape[1] > 1:
        left, right = x[:, 0].astype(np.float64), x[:, 1].astype(np.float64)
        mid, side = (left + right) / 2, (left - right) / 2
        out["stereo_width"] = (side**2).sum() / ((mid**2).sum() + (side**2).sum())
        out["phase_correlation"] = np.corrcoef(left, right)[0, 1]
    else:
        out["stereo_width"], out["phase_correlation"] = 0.0, 1.0

    # Harmonic and percussive: librosa's own separation, energies of what it returns.
    h, p = librosa.decompose.hpss(np.sqrt(power).astype(np.float32), kernel_size=31, power=2.0, margin=1.0)
    he, pe = (h[:, on].astype(np.float64) ** 2).sum(), (p[:, on].astype(np.float64) ** 2).sum()
    out["harmonic_ratio"] = he / (he + pe)

    # Chroma from librosa's constant-Q transform, tuning by its own estimate.
    tuning = librosa.estimate_tuning(y=mono, sr=rate, bins_per_octave=36)
    out["tuning"] = float(tuning) / 3 * 100
    chroma = librosa.feature.chroma_cqt(y=mono, sr=rate, hop_length=1024, fmin=librosa.note_to_hz("C1"), norm=1,
                                        n_octaves=7, bins_per_octave=36, tuning=tuning, threshold=0.0)
    n = min(chroma.shape[1], len(on))
    c = chroma[:, :n][:, on[:n]]
    out["chroma_concentration"] = float(((c**2).sum(axis=0) - 1 / 12).mean() / (1 - 1 / 12))
    for i in range(12):
        out[f"chroma_{i}"] = float(c[i].mean())

    # YIN, and how much it moves around its running median.
    f0 = librosa.yin(mono, fmin=65, fmax=2093, sr=rate, frame_length=4096, hop_length=1024, trough_threshold=0.15)
    out["f0_median_yin"] = float(np.median(f0[: len(on)][on[: len(f0)]]))

    # Onsets and beats.
    envelope = librosa.onset.onset_strength(y=mono, sr=rate, n_fft=4096, hop_length=1024)
    onsets = librosa.onset.onset_detect(onset_envelope=envelope, sr=rate, hop_length=1024)
    out["onset_rate"] = len(onsets) / (len(mono) / rate)
    tempo, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=rate, hop_length=1024, start_bpm=120, units="time")
    out["tempo_librosa"] = float(np.atleast_1d(tempo)[0])
    if len(beats) > 3:
        gaps = np.diff(beats)
        out["tempo"] = float(60 / np.median(gaps))
        out["rhythm_stability"] = float(1 / (1 + np.std(gaps) / np.mean(gaps)))

    mel = librosa.feature.melspectrogram(S=power, sr=rate, n_fft=4096, n_mels=128, fmax=22050)
    mfcc = librosa.feature.mfcc(S=10 * np.log10(np.maximum(mel, 1e-20)), n_mfcc=13)[:, on]
    for i in range(13):
        out[f"mfcc_mean_{i}"], out[f"mfcc_std_{i}"] = float(mfcc[i].mean()), float(mfcc[i].std())
    out["zero_crossing_rate"] = float(librosa.zero_crossings(mono, pad=False).sum() / (len(mono) / rate))
    out["rms_mean"], out["rms_std"] = float(np.sqrt(all_level).mean()), float(np.sqrt(all_level).std())
    return {k: (None if v is None or not np.isfinite(v) else float(v)) for k, v in out.items()}


if __name__ == "__main__":
    target, *files = sys.argv[1:]
    result = {"librosa": librosa.__version__, "numpy": np.__version__, "pyloudnorm": "0.1", "tracks": {}}
    for f in files:
        print(f, file=sys.stderr)
        result["tracks"][f.split("/")[-1]] = describe(f)
        with open(target, "w") as out:
            json.dump(result, out, indent=1)
