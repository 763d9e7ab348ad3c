# Program: openai-whisper 20250625 on torch 2.11.0, Python 3.11.7, CPU, 2026-11-21. Run: python whisper_mel.py
"""Presets `whisper` (80 bands) and `whisper-128`: log_mel_spectrogram.

f32 is the package's own function. f64 is its definition written out below over torch.stft in f64, with librosa's
f64 filter bank in place of the package's stored f32 one; the same lines in f32 over the stored bank must give the
package's values to the bit, which is checked first. Values: (bands, frames).
"""

import librosa
import torch
import whisper
import whisper.audio

import store

RATE, N_FFT, HOP = 16_000, 400, 160


def log_mel(samples, bank):
    """samples (N), bank (M, 201) of the same type; (M, N // 160)."""
    window = torch.hann_window(N_FFT, dtype=samples.dtype)
    stft = torch.stft(samples, N_FFT, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)
    magnitudes = stft[..., :-1].abs() ** 2
    log = torch.clamp(bank @ magnitudes, min=1e-10).log10()
    log = torch.maximum(log, log.max() - 8.0)
    return (log + 4.0) / 4.0


if __name__ == "__main__":
    for clip, bands, step in [
        ("varied-16000", 80, 2), ("varied-16000", 128, 4), ("short-16000", 80, 1), ("silence", 80, 1),
    ]:  # fmt: skip
        x32 = torch.from_numpy(store.unit(clip, store.np.float32))
        theirs = whisper.audio.log_mel_spectrogram(x32, n_mels=bands)
        ours = log_mel(x32, whisper.audio.mel_filters("cpu", bands))
        assert torch.equal(theirs, ours), "the written definition is not the package's"
        bank = librosa.filters.mel(sr=RATE, n_fft=N_FFT, n_mels=bands, dtype=store.np.float64)
        exact = log_mel(x32.double(), torch.from_numpy(bank))
        assert exact.dtype == torch.float64
        preset = "whisper" if bands == 80 else "whisper-128"
        rule = "all frames" if step == 1 else f"frames 0, {step}, {2 * step}, ..."
        program = f"openai-whisper {whisper.__version__}"
        store.save(f"{clip}.{preset}.whisper.f32", theirs[:, ::step].numpy(), program, rule)
        program = f"torch.stft {torch.__version__.split('+')[0]}"
        store.save(f"{clip}.{preset}.whisper.f64", exact[:, ::step].numpy(), program, rule)
