#!/usr/bin/env python3
"""Makes the files of this folder, and expected.txt with what FFmpeg decodes from them. Usage: python3 make.py

Made with FFmpeg 5.1.9 (Debian 12, libvorbis 1.3.7, libopus 1.3.1, LAME 3.100). he-v1.aac and he-v2.aac are not made
here, because this FFmpeg has no HE-AAC encoder: they are two seconds by the encoder of the crate syom 0.9.0
(with_he at 48 kb/s, with_he_v2 at 32 kb/s, 44,100 Hz, two channels).

A line of expected.txt: file, rate in Hz, channels, frames, then about 12 frames at equal steps of FFmpeg's
float output, all channels, times 32,768. FFmpeg 5.1 leaves an encoder's padding at the end of MP4; `frames` is the length of the source
there, which the file tells by its edit list or its last packet's duration.
"""
import pathlib, struct, subprocess

HERE = pathlib.Path(__file__).parent
TONES = [440, 660, 990, 60, 1320, 1760, 2200, 2640]
PARTS = 12


def ffmpeg(*args):
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *args], check=True, stdout=subprocess.PIPE).stdout


def source(rate, channels, frames):
    layout = {1: "mono", 2: "stereo", 6: "5.1", 7: "6.1(back)", 8: "7.1"}[channels]
    tones = "|".join(f"0.25*sin({f}*2*PI*t)+0.02*sin({f * 3.7}*2*PI*t*(1+t))" for f in TONES[:channels])
    return ["-f", "lavfi", "-i", f"aevalsrc={tones}:s={rate}:c={layout}", "-af", f"atrim=end_sample={frames}"]


AAC = ["-c:a", "aac", "-aac_pns", "0", "-b:a", "96k"]
FILES = {
    # name: (rate, channels, frames of the source, frames expected, options)
    "lc.m4a": (44100, 2, 5000, 5000, AAC),
    "lc-51.m4a": (48000, 6, 4000, 4000, ["-c:a", "aac", "-aac_pns", "0", "-b:a", "256k"]),
    "lc-71.m4a": (48000, 8, 4000, 4000, ["-c:a", "aac", "-aac_pns", "0", "-b:a", "256k"]),
    "lc-22k.m4a": (22050, 1, 5000, 5000, AAC),
    "lc.aac": (44100, 2, 5000, None, AAC),
    "lc-main.aac": (44100, 2, 5000, None, ["-profile:a", "aac_main", "-strict", "-2", *AAC]),
    "fragments.mp4": (44100, 2, 5000, 5000, ["-movflags", "frag_keyframe+delay_moov", "-frag_duration", "50000", *AAC]),
    "alac.m4a": (44100, 2, 6000, 6000, ["-c:a", "alac"]),
    "alac-51.m4a": (48000, 6, 400, 400, ["-c:a", "alac"]),
    "alac-61.m4a": (48000, 7, 400, 400, ["-c:a", "alac"]),
    "flac.mp4": (44100, 2, 6000, 6000, ["-c:a", "flac", "-strict", "-2"]),
    "mp3.mp4": (44100, 2, 5000, 5000, ["-c:a", "libmp3lame", "-b:a", "64k"]),
    "opus.mp4": (48000, 2, 5000, 5000, ["-c:a", "libopus", "-b:a", "64k"]),
    "s24.mov": (48000, 2, 700, 700, ["-c:a", "pcm_s24le"]),
    "f32-51.mov": (48000, 6, 200, 200, ["-c:a", "pcm_f32be"]),
    "mulaw.mov": (8000, 1, 2000, 2000, ["-c:a", "pcm_mulaw"]),
    "ac3.mp4": (48000, 2, 3000, None, ["-c:a", "ac3"]),
    "lc.mka": (44100, 2, 5000, None, AAC),
    "vorbis.webm": (44100, 2, 5000, None, ["-c:a", "libvorbis", "-q:a", "1"]),
    "flac.mka": (44100, 2, 6000, 6000, ["-c:a", "flac"]),
    "mp3.mka": (44100, 2, 5000, None, ["-c:a", "libmp3lame", "-b:a", "64k"]),
    "alac.mka": (44100, 2, 6000, 6000, ["-c:a", "alac"]),
    "s16.mka": (44100, 2, 1000, 1000, ["-c:a", "pcm_s16le"]),
    "f64.mka": (44100, 1, 500, 500, ["-c:a", "pcm_f64le"]),
    "opus.webm": (48000, 2, 5000, 5000, ["-c:a", "libopus", "-b:a", "64k"]),
    "opus-live.webm": (48000, 2, 5000, 5000, ["-c:a", "libopus", "-b:a", "64k", "-live", "1"]),
    "vorbis-live.webm": (44100, 2, 5000, None, ["-c:a", "libvorbis", "-q:a", "1", "-live", "1"]),
    "alac.caf": (44100, 2, 6000, 6000, ["-c:a", "alac"]),
    "s24.caf": (48000, 2, 700, 700, ["-c:a", "pcm_s24le"]),
    "mulaw.caf": (8000, 1, 2000, 2000, ["-c:a", "pcm_mulaw"]),
    "he-v1.aac": (44100, 2, None, None, None),
    "he-v2.aac": (44100, 2, None, None, None),
}

# FFmpeg 5.1 leaves the encoder's delay in fragments, although their edit list tells it.
SKIPPED = {"fragments.mp4": 1024}

lines = []
for name, (rate, channels, frames, expected, options) in FILES.items():
    path = HERE / name
    if options is not None:
        ffmpeg(*source(rate, channels, frames), *options, "-bitexact", str(path))
    # FFmpeg's own decoder of Opus is not libopus's; they differ by some steps of 16 bits.
    decoder = ["-c:a", "libopus"] if name.startswith("opus") else []
    raw = ffmpeg(*decoder, "-i", str(path), "-f", "f32le", "-")
    raw = raw[SKIPPED.get(name, 0) * channels * 4 :]
    values = struct.unpack(f"<{len(raw) // 4}f", raw)
    decoded = len(values) // channels
    assert expected is None or decoded >= expected, (name, decoded)
    shown = expected or decoded
    picked = [f"{values[n * channels + c] * 32768:.2f}" for n in range(0, shown, shown // PARTS) for c in range(channels)]
    lines.append(" ".join([name, str(rate), str(channels), str(shown), *picked]))
(HERE / "expected.txt").write_text("\n".join(lines) + "\n")
