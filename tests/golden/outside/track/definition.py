"""The track descriptor `trk-1` as it is defined (crates/decisions/0008), in f64, from parts of other programs.

The same definition as earprint's, worked out in another way: whole arrays instead of streams, librosa's spectrum,
medians, mel bands, peak picker and tonnetz, SciPy's filters, one constant-Q sum at 44,100 Hz instead of halved rates.
"""

import librosa
import numpy as np
import pyloudnorm
import scipy.signal

RATE, HOP, N_FFT = 44_100, 1024, 4096
BANDS = [(20, 60), (60, 250), (250, 500), (500, 2000), (2000, 4000), (4000, 6000), (6000, 20_000)]
C1 = 440 * 2 ** (-45 / 12)
FRAME_RATE = RATE / HOP

DESCRIPTOR = (
    "sub_bass bass low_mid mid upper_mid presence air loudness crest bass_mid_ratio tempo rhythm_stability onset_rate "
    "silence_ratio centroid rolloff flatness harmonic_ratio pitch_stability chroma_concentration crest_variation "
    "loudness_variation peak_consistency stereo_width phase_correlation"
).split()
TABLE = (
    ["key", "key_margin", "tuning"]
    + [f"{name}_{i}" for name in ("mfcc_mean", "mfcc_std") for i in range(13)]
    + [f"chroma_{i}" for i in range(12)]
    + [f"tonnetz_{i}" for i in range(6)]
    + "zero_crossing_rate rms_mean rms_std bandwidth flux true_peak loudness_range".split()
)
# Numbers beside a second program: ffmpeg; librosa's beat tracker given the definition's envelope and period.
SECOND = ["loudness_ffmpeg", "loudness_range_ffmpeg", "true_peak_ffmpeg", "tempo_tracker", "rhythm_stability_tracker"]
NUMBERS = DESCRIPTOR + TABLE + SECOND


def describe(x):
    """All numbers of samples (N, C), half a second at least, by name; None where the definition has none."""
    out = dict.fromkeys(NUMBERS)
    mono = x.mean(axis=1)
    mean_square = (frames(mono) ** 2).mean(axis=1)
    on = truncated(mean_square) > 1e-6 * mean_square.max()
    levels(x, out)
    loudness(x, out)
    power = np.abs(librosa.stft(mono, n_fft=N_FFT, hop_length=HOP, pad_mode="constant")) ** 2
    envelope = spectrum(power, on, out)
    rhythm(np.where(on, envelope, 0.0), len(mono) / RATE, out)
    out["pitch_stability"] = stability(np.where(on, f0(mono), 0.0))
    harmony(mono, on, out)
    rms = np.sqrt(mean_square[on])
    out["rms_mean"], out["rms_std"] = rms.mean(), rms.std()
    signs = np.sign(mono[mono != 0])
    out["zero_crossing_rate"] = (signs[1:] != signs[:-1]).sum() / (len(mono) / RATE)
    return out


def frames(x):
    """Frames (T, 4096) around multiples of 1024, zeros outside."""
    return librosa.util.frame(np.pad(x, N_FFT // 2), frame_length=N_FFT, hop_length=HOP, axis=0)


def truncated(mean_square):
    """Mean squares with nine bits of mantissa, as the gate has them."""
    bits = mean_square.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF_C000)
    return bits.view(np.float32).astype(np.float64)


def levels(x, out):
    """Numbers of the samples of all channels."""
    out["crest"] = 20 * np.log10(np.abs(x).max() / np.sqrt((x**2).mean()))
    mean_square = np.mean([(frames(c) ** 2).mean(axis=1) for c in x.T], axis=0)
    out["silence_ratio"] = 1 - (truncated(mean_square) > 1e-4 * mean_square.max()).mean()
    quarter = librosa.util.frame(x.T, frame_length=22_050, hop_length=11_025)
    peak, rms = np.abs(quarter).max(axis=(0, 1)), np.sqrt((quarter**2).mean(axis=(0, 1)))
    peak, rms = peak[peak > 0], rms[peak > 0]
    out["crest_variation"] = np.std(20 * np.log10(peak / rms))
    out["peak_consistency"] = 1 / (1 + np.std(peak) / np.mean(peak))
    # True peak: 48 taps, a sinc under a periodic Hann window, four phases.
    j = np.arange(48)
    taps = np.sinc((j - 24) / 4) * (0.5 - 0.5 * np.cos(2 * np.pi * j / 48))
    out["true_peak"] = 20 * np.log10(np.abs(scipy.signal.upfirdn(taps, x, up=4, axis=0)).max())
    if x.shape[1] == 1:
        out["stereo_width"], out["phase_correlation"] = 0.0, 1.0
    else:
        left, right = x[:, 0], x[:, 1]
        out["stereo_width"] = ((left - right) ** 2).sum() / (2 * (left**2 + right**2).sum())
        out["phase_correlation"] = np.corrcoef(left, right)[0, 1]


def loudness(x, out):
    """BS.1770-4 and Tech 3342 with the K filter as B. De Man derives it (pyloudnorm's `DeMan`)."""
    y = x.copy()
    for stage in pyloudnorm.Meter(RATE, filter_class="DeMan")._filters.values():
        y = scipy.signal.lfilter(stage.b, stage.a, y, axis=0)
    lufs = lambda energy: -0.691 + 10 * np.log10(np.maximum(energy, 1e-30))
    step = (y[: len(y) // 4410 * 4410] ** 2).sum(axis=1).reshape(-1, 4410).sum(axis=1)
    block = np.convolve(step, np.ones(4), "valid") / 17_640
    loud = block[lufs(block) >= -70]
    out["loudness"] = lufs(loud[loud >= 0.1 * loud.mean()].mean())
    out["loudness_variation"] = lufs(loud).std()
    short = np.convolve(step, np.ones(30), "valid") / 132_300 if len(step) >= 30 else np.zeros(0)
    short = short[lufs(short) >= -70]
    if len(short):
        short = np.sort(short[short >= 0.01 * short.mean()])
        rank = lambda share: lufs(short[int((len(short) - 1) * share + 0.5)])
        out["loudness_range"] = rank(0.95) - rank(0.1)


def spectrum(power, on, out):
    """Numbers of the power (F, T); gives the onset envelope (T)."""
    hz = librosa.fft_frequencies(sr=RATE, n_fft=N_FFT)
    bands = np.array([power[(hz >= a) & (hz < b)].sum() for a, b in BANDS])
    out.update(zip(DESCRIPTOR, bands / bands.sum()))
    out["bass_mid_ratio"] = 10 * np.log10(bands[1] / (bands[2] + bands[3]))
    gated = power[:, on]
    f = librosa.feature
    out["centroid"] = np.median(f.spectral_centroid(S=gated, freq=hz))
    out["rolloff"] = np.median(f.spectral_rolloff(S=gated, freq=hz, roll_percent=0.85))
    flatness = f.spectral_flatness(S=gated, amin=1e-30, power=1.0)
    out["flatness"] = np.exp(np.median(np.log(flatness)))
    out["bandwidth"] = np.median(f.spectral_bandwidth(S=gated, freq=hz))
    # Medians over all frames, energies over those that count.
    harmonic, percussive = librosa.decompose.hpss(np.sqrt(power), kernel_size=31, power=2.0, mask=False)
    h, p = (harmonic[:, on] ** 2).sum(), (percussive[:, on] ** 2).sum()
    out["harmonic_ratio"] = h / (h + p)
    bank = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=128, fmin=0, fmax=RATE / 2, dtype=np.float64)
    db = 10 * np.log10(np.maximum(bank @ power, 1e-20))
    mfcc = f.mfcc(S=db, n_mfcc=13)[:, on]
    for i in range(13):
        out[f"mfcc_mean_{i}"], out[f"mfcc_std_{i}"] = mfcc[i].mean(), mfcc[i].std()
    floor = np.maximum(db[:, :-1].max(axis=0), db[:, 1:].max(axis=0)) - 60
    rise = np.maximum(np.maximum(db[:, 1:], floor) - np.maximum(db[:, :-1], floor), 0).mean(axis=0)
    envelope = np.concatenate([[0.0], rise])
    out["flux"] = envelope[on].mean()
    return envelope


def rhythm(envelope, seconds, out):
    """Onsets by librosa's peak picker; beats after Ellis 2007, and by librosa's tracker."""
    onsets = librosa.util.peak_pick(envelope, pre_max=1, post_max=2, pre_avg=4, post_avg=4, delta=1.0, wait=1)
    out["onset_rate"] = len(onsets) / seconds
    period = period_of(envelope) if len(onsets) >= 4 and seconds >= 3 else None
    if period is None:
        return
    tracker = librosa.beat.beat_track(
        onset_envelope=envelope, sr=RATE, hop_length=HOP, bpm=60 * FRAME_RATE / period, units="frames"
    )[1]
    for beats, name in [(beats_of(envelope, period), ""), (refined(envelope, tracker), "_tracker")]:
        if len(beats) >= 4:
            gaps = np.diff(beats)
            out["tempo" + name] = 60 * FRAME_RATE / np.median(gaps)
            out["rhythm_stability" + name] = 1 / (1 + gaps.std() / gaps.mean())


def vertex(a, b, c):
    """Where the parabola through three values is largest, -1/2 to 1/2."""
    curve = a - 2 * b + c
    return 0.5 * (a - c) / curve if curve < 0 and b >= a and b >= c else 0.0


def period_of(envelope):
    """Frames from beat to beat: the best peak of the unbiased autocorrelation under the prior."""
    lag_of = lambda bpm: 60 * FRAME_RATE / bpm
    first, last = int(lag_of(240)), min(int(np.ceil(lag_of(40))), len(envelope) - 2)
    e = envelope - envelope.mean()
    r = {lag: (e[:-lag] * e[lag:]).mean() for lag in range(first - 1, last + 2)}
    best, period = 0.0, None
    for lag in range(first, last + 1):
        a, b, c = (r[lag + i] for i in (-1, 0, 1))
        if b < a or b < c:
            continue
        offset = vertex(a, b, c)
        at = np.clip(lag + offset, lag_of(240), lag_of(40))
        value = (b - 0.25 * (a - c) * offset) * np.exp(-0.5 * np.log2(lag_of(120) / at) ** 2)
        if value > best:
            best, period = value, at
    return period


def beats_of(envelope, period):
    """Beats by dynamic programming, in frames, between frames."""
    sigma = period / 32
    reach = int(np.ceil(4 * sigma))
    local = np.convolve(envelope, np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2), "same") / envelope.std()
    steps = np.arange(round(period / 2), round(2 * period) + 1)
    cost = 100 * np.log(steps / period) ** 2
    total, back = local.copy(), np.full(len(local), -1)
    for t in range(len(local)):
        reachable = steps[steps <= t]
        if len(reachable):
            chain = total[t - reachable] - cost[: len(reachable)]
            if chain.max() > 0:
                back[t] = t - reachable[chain.argmax()]
                total[t] += chain.max()
    before, after = np.r_[-np.inf, total[:-1]], np.r_[total[1:], -np.inf]
    peaks = np.flatnonzero((total > before) & (total >= after))
    half = np.sort(total[peaks])[len(peaks) // 2] / 2
    beat = peaks[total[peaks] > half][-1]
    beats = []
    while beat >= 0:
        beats.append(beat)
        beat = back[beat]
    beats = np.array(beats[::-1])
    smooth = np.convolve(local[beats], [0.25, 0.5, 0.25])[1:-1]
    strong = np.flatnonzero(smooth > 0.5 * np.sqrt((smooth**2).mean()))
    return refined(envelope, beats[strong[0] : strong[-1] + 1])


def refined(envelope, beats):
    """Beats at the tops of the smoothed envelope within a frame of them."""
    smooth = np.convolve(np.pad(envelope, 3), [0.25, 0.5, 0.25], "same")
    out = []
    for t in np.asarray(beats) + 3:
        near = [t, t - 1, t + 1]
        top = near[int(np.argmax(smooth[near]))]
        out.append(top - 3 + vertex(*smooth[top - 1 : top + 2]))
    return np.array(out)


def f0(mono):
    """f0 of every frame, Hz, 0 where unvoiced: YIN over 2,048 samples from the frame's start, lags 21 to 679."""
    x = frames(mono)[:, : 2048 + 680]
    size = 8192
    r = np.fft.irfft(np.conj(np.fft.rfft(x[:, :2048], size)) * np.fft.rfft(x, size), size)[:, :681]
    energy = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x**2, axis=1)], axis=1)
    d = energy[:, 2048:2049] + (energy[:, 2048:] - energy[:, :681]) - 2 * r
    d[:, 0] = 0
    lag = np.arange(681)
    total = np.cumsum(np.maximum(d, 0), axis=1)
    rounding = energy[:, 2048:2049] / 131_072 * lag
    normal = np.where(total < rounding, 1.0, np.divide(d * lag, total, out=np.ones_like(d), where=total > 0))
    out = np.zeros(len(x))
    for j, n in enumerate(normal):
        below = np.flatnonzero(n[21:680] < 0.15)
        if len(below):
            tau = below[0] + 21
            while tau < 679 and n[tau + 1] < n[tau]:
                tau += 1
            a, b, c = d[j, tau - 1 : tau + 2]
            offset = np.clip(0.5 * (a - c) / (a - 2 * b + c), -1, 1) if a - 2 * b + c > 0 else 0.0
            hz = RATE / (tau + offset)
            out[j] = hz if 65 <= hz <= 2093 else 0.0
    return out


def stability(hz):
    """1 / (1 + deviation in semitones around the running median of 21 frames); None under ten voiced frames."""
    voiced = np.flatnonzero(hz > 0)
    if len(voiced) < 10:
        return None
    around = [hz[max(0, t - 10) : t + 11] for t in voiced]
    median = np.array([np.median(w[w > 0]) for w in around])
    return 1 / (1 + np.std(12 * np.log2(hz[voiced] / median)))


def harmony(mono, on, out):
    """Constant-Q at 36 bins an octave, summed sample by sample at 44,100 Hz, and what the 36 classes tell."""
    classes = constant_q(mono)[on]
    classes = classes[classes.sum(axis=1) > 0]
    q = classes / classes.sum(axis=1, keepdims=True)
    direction = (q.mean(axis=0) * np.exp(2j * np.pi * np.arange(36) / 3)).sum()
    tuning = np.angle(direction) / (2 * np.pi) * 3
    out["tuning"] = tuning * 100 / 3
    # A box of three classes, moved by the tuning: each class counts by how much of it lies under the box.
    away = (np.arange(36) - 3 * np.arange(12)[:, None] - tuning + 18) % 36 - 18
    c = q @ np.clip(2 - np.abs(away), 0, 1).T
    out["chroma_concentration"] = (((c**2).sum(axis=1) - 1 / 12) / (1 - 1 / 12)).mean()
    of_chroma(c.mean(axis=0), out)


def of_chroma(chroma, out):
    """Chroma, key and tonnetz of a mean chroma (12), C first."""
    for i in range(12):
        out[f"chroma_{i}"] = chroma[i]
    for i, v in enumerate(librosa.feature.tonnetz(chroma=chroma[:, None])[:, 0]):
        out[f"tonnetz_{i}"] = v
    major = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
    minor = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
    names = "C C# D D# E F F# G G# A A# B".split()
    found = [
        (np.corrcoef(np.roll(profile, tonic), chroma)[0, 1], f"{names[tonic]} {mode}")
        for tonic in range(12)
        for profile, mode in ((major, "major"), (minor, "minor"))
    ]
    (best, out["key"]), (second, _) = sorted(found, key=lambda f: -f[0])[:2]
    out["key_margin"] = best - second


def constant_q(mono):
    """Sums of magnitudes over seven octaves, (T, 36)."""
    quality = 1 / (2 ** (1 / 36) - 1)
    count = 1 + len(mono) // HOP
    out = np.zeros((count, 36))
    for octave in range(7):
        reach = int(np.ceil(quality / (2 * C1 * 2**octave / RATE)))
        i = np.arange(-reach, reach + 1)
        waves = []
        for c in range(36):
            f = C1 * 2 ** (octave + c / 36) / RATE
            half = quality / (2 * f)
            window = np.where(np.abs(i) < half, 0.5 + 0.5 * np.cos(np.pi * i / half), 0.0)
            window /= window.sum()
            waves.append([window * np.cos(2 * np.pi * f * i), window * np.sin(2 * np.pi * f * i)])
        waves = np.array(waves).reshape(72, -1).T
        padded = np.pad(mono, (reach, reach + HOP))
        for t in range(0, count, 64):
            n = min(64, count - t)
            cut = np.lib.stride_tricks.sliding_window_view(padded[t * HOP :], 2 * reach + 1)[: (n - 1) * HOP + 1 : HOP]
            out[t : t + n] += np.hypot(*np.moveaxis((np.ascontiguousarray(cut) @ waves).reshape(n, 36, 2), 2, 0))
    return out
