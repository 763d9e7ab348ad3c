"""Uncompressed sound, A-law, mu-law and ADPCM: WAV in all its forms, AIFF, CAF, W64, AU."""

import struct

import numpy as np

import tools
from sound import sound, to_ints
from tools import chunk, packed, riff, wav_fmt

S = 0.08


def floats(ints, bits):
    """What integers mean, rounded once to f32."""
    return (np.asarray(ints, dtype=np.float64) / (1 << (bits - 1))).astype(np.float32)


def checked(suite, file, container, codec, rate, expected, remark="", ffmpeg=True, **more):
    """A row whose samples are known beforehand and must be FFmpeg's too."""
    if ffmpeg:
        suite.same(file, expected, tools.by_ffmpeg(suite.path(file)), 0.0)
    suite.row(file, container, codec, rate, expected, exact=True, remark=remark, **more)


def extensible(channels, rate, bits, valid, mask, tag):
    """A `fmt ` chunk of WAVE_FORMAT_EXTENSIBLE."""
    frame = channels * bits // 8
    body = struct.pack("<HHIIHHHHI", 0xFFFE, channels, rate, rate * frame, frame, bits, 22, valid, mask)
    return chunk(b"fmt ", body + struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71"))


def wav(suite):
    """WAV written by hand, so that nothing but the header differs."""
    for bits in (8, 16, 24, 32):
        for channels in (1, 2):
            x = to_ints(sound(22050, channels, S, bits), bits)
            file = f"wav-s{bits}-{channels}ch.wav"
            suite.write(file, riff(wav_fmt(1, channels, 22050, bits), chunk(b"data", packed(x, bits))))
            checked(suite, file, "WAV", f"pcm{bits}", 22050, floats(x, bits))
    for channels in range(3, 9):
        x = to_ints(sound(8000, channels, S), 16)
        file = f"wav-s16-{channels}ch.wav"
        suite.write(file, riff(wav_fmt(1, channels, 8000, 16), chunk(b"data", packed(x, 16))))
        checked(suite, file, "WAV", "pcm16", 8000, floats(x, 16))
    for rate in (8000, 11025, 44100, 96000, 192000, 768000):
        x = to_ints(sound(rate, 1, min(S, 4000 / rate)), 16)
        file = f"wav-s16-{rate}.wav"
        suite.write(file, riff(wav_fmt(1, 1, rate, 16), chunk(b"data", packed(x, 16))))
        checked(suite, file, "WAV", "pcm16", rate, floats(x, 16))
    x = sound(16000, 2, S)
    for bits, dtype in ((32, "<f4"), (64, "<f8")):
        file = f"wav-f{bits}-2ch.wav"
        suite.write(file, riff(wav_fmt(3, 2, 16000, bits), chunk(b"data", x.astype(dtype).tobytes())))
        checked(suite, file, "WAV", f"f{bits}", 16000, x.astype(np.float32))


def wav_forms(suite):
    """Headers of other shapes around the same samples."""
    i16 = to_ints(sound(16000, 2, S, 3), 16)
    i24 = to_ints(sound(16000, 2, S, 4), 24)
    data, fmt, want = packed(i16, 16), wav_fmt(1, 2, 16000, 16), floats(i16, 16)
    forms = {
        "extensible": riff(extensible(2, 16000, 16, 16, 3, 1), chunk(b"data", data)),
        "list-first": riff(fmt, chunk(b"LIST", b"INFOINAM\x05\0\0\0abcd\0"), chunk(b"data", data)),
        "odd-chunk": riff(
            chunk(b"junk", b"abc"), fmt, chunk(b"fact", struct.pack("<I", len(i16))), chunk(b"data", data)
        ),
        "tail": riff(fmt, chunk(b"data", data), chunk(b"id3 ", b"\0" * 37)),
    }
    for name, file in forms.items():
        suite.write(f"wav-{name}.wav", file)
        checked(suite, f"wav-{name}.wav", "WAV", "pcm16", 16000, want)
    whole = riff(fmt, chunk(b"data", data))
    at = whole.index(b"data") + 4
    for name, riff_size, data_size in (("unfilled-ff", 0xFFFFFFFF, 0xFFFFFFFF), ("unfilled-0", 0, 0)):
        broken = whole[:4] + struct.pack("<I", riff_size) + whole[8:at] + struct.pack("<I", data_size) + whole[at + 4 :]
        suite.write(f"wav-{name}.wav", broken)
        checked(
            suite,
            f"wav-{name}.wav",
            "WAV",
            "pcm16",
            16000,
            want,
            "sizes as a streaming writer leaves them",
            ffmpeg=name != "unfilled-0",
        )
    size = struct.pack("<QQQI", len(whole) + 28, len(data), len(i16), 0)
    rf64 = b"RF64\xff\xff\xff\xffWAVE" + chunk(b"ds64", size) + fmt + b"data\xff\xff\xff\xff" + data
    suite.write("wav-rf64.wav", rf64)
    checked(suite, "wav-rf64.wav", "WAV", "pcm16", 16000, want)
    suite.write(
        "wav-rifx.wav",
        b"RIFX"
        + struct.pack(">I", 36 + len(data))
        + b"WAVEfmt "
        + struct.pack(">IHHIIHH", 16, 1, 2, 16000, 64000, 4, 16)
        + b"data"
        + struct.pack(">I", len(data))
        + packed(i16, 16, little=False),
    )
    checked(suite, "wav-rifx.wav", "WAV", "pcm16be", 16000, want, "big-endian RIFF", ffmpeg=False, code="E_UNSUPPORTED")
    suite.write("wav-extensible-24.wav", riff(extensible(2, 16000, 24, 24, 3, 1), chunk(b"data", packed(i24, 24))))
    checked(suite, "wav-extensible-24.wav", "WAV", "pcm24", 16000, floats(i24, 24))
    i20 = i24 // 16 * 16
    suite.write("wav-20-in-24.wav", riff(extensible(2, 16000, 24, 20, 3, 1), chunk(b"data", packed(i20, 24))))
    checked(suite, "wav-20-in-24.wav", "WAV", "pcm24", 16000, floats(i20, 24), "20 valid bits, left-aligned")
    i6 = to_ints(sound(16000, 6, S), 24)
    suite.write("wav-extensible-6ch.wav", riff(extensible(6, 16000, 24, 24, 0x3F, 1), chunk(b"data", packed(i6, 24))))
    checked(suite, "wav-extensible-6ch.wav", "WAV", "pcm24", 16000, floats(i6, 24))
    f = sound(16000, 2, S).astype("<f4")
    suite.write("wav-extensible-f32.wav", riff(extensible(2, 16000, 32, 32, 3, 3), chunk(b"data", f.tobytes())))
    checked(suite, "wav-extensible-f32.wav", "WAV", "f32", 16000, f)


def companded(suite):
    """A-law, mu-law and ADPCM in WAV: integers of 16 bits, so FFmpeg's samples are met exactly."""
    for codec, label in (("pcm_alaw", "alaw"), ("pcm_mulaw", "mulaw")):
        for channels in (1, 2):
            x = to_ints(sound(8000, channels, 0.2, 5), 16)
            file = f"wav-{label}-{channels}ch.wav"
            tools.encode(suite.path(file), x, 8000, "-c:a", codec)
            suite.row(file, "WAV", label, 8000, tools.by_ffmpeg(suite.path(file)), exact=True)
    with open(suite.path("wav-alaw-1ch.wav"), "rb") as f:
        raw = f.read()
    body = raw[raw.index(b"data") + 8 :]
    suite.write("wav-alaw-extensible.wav", riff(extensible(1, 8000, 8, 8, 4, 6), chunk(b"data", body)))
    suite.row(
        "wav-alaw-extensible.wav", "WAV", "alaw", 8000, tools.by_ffmpeg(suite.path("wav-alaw-1ch.wav")), exact=True
    )
    for codec, label in (("adpcm_ms", "adpcm-ms"), ("adpcm_ima_wav", "adpcm-ima")):
        for rate, channels, seconds in ((22050, 1, 0.3), (22050, 2, 0.3), (44100, 2, 0.25), (8000, 1, 0.5)):
            x = to_ints(sound(rate, channels, seconds, 6), 16)
            file = f"wav-{label}-{rate}-{channels}ch.wav"
            tools.encode(suite.path(file), x, rate, "-c:a", codec)
            ours = tools.by_ffmpeg(suite.path(file))
            # The header's `fact` chunk, where one is written, counts the frames before padding.
            with open(suite.path(file), "rb") as f:
                head = f.read(400)
            at = head.find(b"fact")
            told = struct.unpack("<I", head[at + 8 : at + 12])[0] if at > 0 else 0
            by_sox = tools.read_wav(tools.run(["sox", suite.path(file), "-e", "signed", "-b", "16", "-t", "wav", "-"]))[
                0
            ]
            # FFmpeg multiplies where the IMA's own algorithm adds shifted steps: both readings are in use.
            others = [] if np.array_equal(by_sox, ours) else [by_sox]
            others += [x[:told] for x in (ours, *others) if 0 < told < len(x)]
            suite.same(file + " (sox)", by_sox[: len(ours)], ours[: len(by_sox)], 0.0)
            suite.row(file, "WAV", label, rate, ours, exact=True, others=others)


def aiff(suite):
    """AIFF and AIFF-C."""
    for bits in (8, 16, 24, 32):
        x = to_ints(sound(22050, 2, S, bits + 1), bits)
        file = f"aiff-s{bits}.aiff"
        tools.run(["sox", "-t", "wav", "-", suite.path(file)], tools.wav(x, 22050, bits))
        checked(suite, file, "AIFF", f"pcm{bits}", 22050, floats(x, bits))
    for channels in (1, 6):
        x = to_ints(sound(16000, channels, S), 16)
        file = f"aiff-{channels}ch.aiff"
        tools.run(["sox", "-t", "wav", "-", suite.path(file)], tools.wav(x, 16000, 16))
        checked(suite, file, "AIFF", "pcm16", 16000, floats(x, 16))
    for codec, label in (
        ("pcm_f32be", "f32"),
        ("pcm_f64be", "f64"),
        ("pcm_s16le", "sowt"),
        ("pcm_alaw", "alaw"),
        ("pcm_mulaw", "ulaw"),
        ("pcm_s24be", "pcm24"),
    ):
        x = to_ints(sound(16000, 2, S, 7), 16)
        file = f"aifc-{label}.aifc"
        tools.encode(suite.path(file), x, 16000, "-c:a", codec, "-f", "aiff")
        decoded = tools.by_ffmpeg(suite.path(file))
        if "law" not in codec:
            suite.same(file, floats(x, 16), decoded, 0.0)
        suite.row(file, "AIFC", label, 16000, decoded, exact=True)


def caf(suite):
    """Core Audio."""
    for codec, label in (
        ("pcm_s16be", "s16be"),
        ("pcm_s16le", "s16le"),
        ("pcm_s24le", "s24le"),
        ("pcm_s32be", "s32be"),
        ("pcm_f32le", "f32le"),
        ("pcm_f64be", "f64be"),
        ("pcm_s8", "s8"),
        ("pcm_alaw", "alaw"),
        ("pcm_mulaw", "ulaw"),
    ):
        x = to_ints(sound(16000, 2, S, 8), 16)
        file = f"caf-{label}.caf"
        tools.encode(suite.path(file), x, 16000, "-c:a", codec)
        suite.row(file, "CAF", label, 16000, tools.by_ffmpeg(suite.path(file)), exact=True)
    x = to_ints(sound(16000, 6, S, 8), 16)
    tools.encode(suite.path("caf-6ch.caf"), x, 16000, "-c:a", "pcm_s16le")
    suite.row("caf-6ch.caf", "CAF", "s16le", 16000, tools.by_ffmpeg(suite.path("caf-6ch.caf")), exact=True)
    with open(suite.path("caf-s16le.caf"), "rb") as f:
        data = bytearray(f.read())
    at = data.index(b"data") + 4
    data[at : at + 8] = b"\xff" * 8
    suite.write("caf-unknown-size.caf", data)
    suite.row(
        "caf-unknown-size.caf",
        "CAF",
        "s16le",
        16000,
        tools.by_ffmpeg(suite.path("caf-s16le.caf")),
        exact=True,
        remark="data size -1: up to the end of the file",
    )


def w64_au(suite):
    """Sony Wave64 and Sun AU."""
    for codec, label, bits in (
        ("pcm_s16le", "s16", 16),
        ("pcm_s24le", "s24", 24),
        ("pcm_f32le", "f32", 16),
        ("pcm_u8", "u8", 16),
    ):
        x = to_ints(sound(22050, 2, S, 9), 16)
        file = f"w64-{label}.w64"
        tools.encode(suite.path(file), x, 22050, "-c:a", codec)
        suite.row(file, "W64", label, 22050, tools.by_ffmpeg(suite.path(file)), exact=True)
    x = to_ints(sound(8000, 6, S, 9), 16)
    tools.encode(suite.path("w64-6ch.w64"), x, 8000, "-c:a", "pcm_s16le")
    suite.row("w64-6ch.w64", "W64", "s16", 8000, tools.by_ffmpeg(suite.path("w64-6ch.w64")), exact=True)
    for codec, label in (
        ("pcm_s16be", "s16"),
        ("pcm_s24be", "s24"),
        ("pcm_s32be", "s32"),
        ("pcm_f32be", "f32"),
        ("pcm_f64be", "f64"),
        ("pcm_s8", "s8"),
        ("pcm_mulaw", "mulaw"),
        ("pcm_alaw", "alaw"),
    ):
        x = to_ints(sound(8000, 2, S, 10), 16)
        file = f"au-{label}.au"
        tools.encode(suite.path(file), x, 8000, "-c:a", codec)
        suite.row(file, "AU", label, 8000, tools.by_ffmpeg(suite.path(file)), exact=True)
    with open(suite.path("au-s16.au"), "rb") as f:
        data = bytearray(f.read())
    data[8:12] = b"\xff" * 4
    suite.write("au-unknown-size.au", data)
    suite.row("au-unknown-size.au", "AU", "s16", 8000, tools.by_ffmpeg(suite.path("au-s16.au")), exact=True)


def rows(suite):
    """All rows of this file."""
    for make in (wav, wav_forms, companded, aiff, caf, w64_au):
        make(suite)
