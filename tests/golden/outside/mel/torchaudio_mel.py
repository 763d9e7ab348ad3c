# Program: torchaudio 2.11.0 on torch 2.11.0, Python 3.11.7, CPU, 2026-11-21. Run: python torchaudio_mel.py
"""Presets `leak` and `leak-64`: MelSpectrogram + AmplitudeToDB(top_db=None) on each of the 237 windows of a clip.

f32 is the program as it comes. f64 is the same program with f64 as torch's default type, which also builds window and
filter bank in f64. Windows: the clip cut or zero-padded to 40,960 samples, window (long, short) begins at
512 long + 256 short and has 512 samples; rows stand long by long. Values: (rows, bands, frames).
"""

import torch
import torchaudio

import store

PROGRAM = f"torchaudio {torchaudio.__version__.split('+')[0]}"


def windows(name, dtype):
    """(237, 512)."""
    clip = torch.from_numpy(store.unit(name, dtype))[:40_960]
    clip = torch.nn.functional.pad(clip, (0, 40_960 - len(clip)))
    return torch.stack([clip[512 * a + 256 * b :][:512] for a in range(79) for b in range(3)])


def power(n_fft, hop):
    return torchaudio.transforms.MelSpectrogram(
        sample_rate=4096, n_fft=n_fft, hop_length=hop, center=False, n_mels=32, f_min=0.0, f_max=2048.0,
        mel_scale="htk", norm="slaney", power=2.0,
    )  # fmt: skip


if __name__ == "__main__":
    for torch_type, short in [(torch.float32, "f32"), (torch.float64, "f64")]:
        torch.set_default_dtype(torch_type)
        dtype = {"f32": store.np.float32, "f64": store.np.float64}[short]
        db = torchaudio.transforms.AmplitudeToDB(stype="power", top_db=None)
        leak, leak64 = power(512, 128), power(64, 16)

        def save(clip, preset, values, rule):
            assert values.dtype == torch_type
            store.save(f"{clip}.{preset}.torchaudio.{short}", values.numpy(), PROGRAM, rule)

        x = windows("varied-4096", dtype)
        save("varied-4096", "leak", db(leak(x)), "all rows")
        save("varied-4096", "leak-64-frames", db(leak64(x[::11])), "rows 0, 11, 22, ...")
        save("varied-4096", "leak-64", db(leak64(x).mean(-1, keepdim=True)), "all rows, mean of power over 29 frames")
        for clip, rows in [("short-4096", slice(0, 6)), ("tone-4096", slice(0, 48))]:
            x = windows(clip, dtype)
            rule = f"rows 0 to {rows.stop - 1}"
            save(clip, "leak", db(leak(x[rows])), rule)
            save(clip, "leak-64", db(leak64(x[rows]).mean(-1, keepdim=True)), rule)

    torch.set_default_dtype(torch.float32)
    f32 = store.np.load(store.HERE / "varied-4096.leak-64.torchaudio.f32.npy")
    store.save(
        "varied-4096.leak-64.torchaudio.f16", f32.astype(store.np.float16), f"NumPy {store.np.__version__}",
        "`varied-4096.leak-64.torchaudio.f32` after astype(float16)",
    )  # fmt: skip
