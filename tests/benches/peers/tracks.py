# Program: librosa 0.11.0, essentia 2.1b6.dev, NumPy 2.4.6, Python 3.11.7, 2026-11-21.
# Run: python tracks.py FILE.wav [--earprint target/release/examples/track_speed] [--rounds N]
"""Peers on one track: milliseconds of CPU per minute of sound, one thread, samples in memory.

librosa computes what the 25 numbers are made of, as its documentation shows it: one STFT of 4,096 samples every 1,024
shared by centroid, roll-off, flatness, bandwidth, mel, MFCC and HPSS; chroma_cqt; yin; onset strength, onsets, beats; RMS, zero
crossings; pyloudnorm for loudness. Essentia computes MusicExtractor, which reads the file itself (its decoding of a WAV is
in the figure), and YIN of frames of 2,048. earprint's example checks its bits before it is timed. Each part is called
once to warm up; then the least of the rounds. Pinned to one core, so that rounds of all of them meet the same machine.

Not shown: that the programs' numbers differ in definition and count (MusicExtractor has hundreds; librosa's HPSS here is
its default of margin 1), or what they take with more threads.
"""

import argparse
import json
import os
import subprocess
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402

RATE, N_FFT, HOP = 44_100, 4096, 1024


def least(work, rounds):
    work()
    best = float("inf")
    for _ in range(rounds):
        from_ = time.process_time()
        work()
        best = min(best, time.process_time() - from_)
    return best


def librosa_parts(samples):
    import librosa
    import pyloudnorm

    mono = np.ascontiguousarray(samples.mean(axis=1), dtype=np.float32)
    stft = librosa.stft(mono, n_fft=N_FFT, hop_length=HOP)
    size = np.abs(stft)

    def spectral():
        s = np.abs(librosa.stft(mono, n_fft=N_FFT, hop_length=HOP))
        for of in ("spectral_centroid", "spectral_rolloff", "spectral_bandwidth"):
            getattr(librosa.feature, of)(S=s, sr=RATE)
        librosa.feature.spectral_flatness(S=s)
        mel = librosa.power_to_db(librosa.feature.melspectrogram(S=s**2, sr=RATE))
        librosa.feature.mfcc(S=mel, n_mfcc=13)

    def rhythm():
        envelope = librosa.onset.onset_strength(y=mono, sr=RATE, hop_length=HOP)
        librosa.onset.onset_detect(onset_envelope=envelope, sr=RATE, hop_length=HOP)
        librosa.beat.beat_track(onset_envelope=envelope, sr=RATE, hop_length=HOP)

    def levels():
        pyloudnorm.Meter(RATE).integrated_loudness(samples)
        librosa.feature.rms(y=mono, frame_length=N_FFT, hop_length=HOP)
        librosa.feature.zero_crossing_rate(mono, frame_length=N_FFT, hop_length=HOP)

    return {
        "spectrum": spectral,
        "hpss": lambda: librosa.decompose.hpss(stft),
        "chroma": lambda: librosa.feature.chroma_cqt(y=mono, sr=RATE, hop_length=HOP),
        "yin": lambda: librosa.yin(mono, fmin=65, fmax=2093, sr=RATE, frame_length=2048, hop_length=HOP),
        "rhythm": rhythm,
        "levels": levels,
    }, size


def essentia_parts(path, samples):
    import essentia
    import essentia.standard as es

    essentia.log.infoActive = False
    essentia.log.warningActive = False
    mono = np.ascontiguousarray(samples.mean(axis=1), dtype=np.float32)
    extractor = es.MusicExtractor(lowlevelStats=["mean", "stdev"], rhythmStats=["mean"], tonalStats=["mean"])
    yin = es.PitchYinFFT(frameSize=2048, sampleRate=RATE)
    window, spectrum = es.Windowing(type="hann"), es.Spectrum()

    def pitch():
        for frame in es.FrameGenerator(mono, frameSize=2048, hopSize=HOP):
            yin(spectrum(window(frame)))

    return {"whole": lambda: extractor(path), "yin": pitch}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file")
    arguments.add_argument("--earprint", default="target/release/examples/track_speed")
    arguments.add_argument("--rounds", type=int, default=3)
    args = arguments.parse_args()
    import soundfile

    samples, rate = soundfile.read(args.file, always_2d=True, dtype="float32")
    assert rate == RATE, f"{args.file} has {rate} Hz; expected {RATE}"
    minutes = len(samples) / RATE / 60

    def tell(peer, parts):
        ms = {name: round(1e3 * least(work, args.rounds) / minutes, 1) for name, work in parts.items()}
        if "whole" not in ms:
            ms["whole"] = round(sum(ms.values()), 1)
        print(json.dumps({"peer": peer, "minutes": round(minutes, 3), **ms, "load": os.getloadavg()[0]}), flush=True)

    for line in subprocess.check_output([args.earprint, args.file, str(args.rounds)]).decode().splitlines():
        print(json.dumps({"peer": "earprint", **json.loads(line), "load": os.getloadavg()[0]}), flush=True)
    parts, size = librosa_parts(samples)
    assert np.isfinite(size).all() and size.max() > 0, "librosa's spectrum is wrong; not timed"
    tell("librosa", parts)
    tell("essentia", essentia_parts(args.file, samples))


if __name__ == "__main__":
    main()
