"""FLAC, ALAC and WavPack."""

import numpy as np

import tools
from rows_pcm import floats
from sound import sound, to_ints

ID3 = b"ID3\x04\0\0\0\0\x02\x01" + b"TIT2\0\0\0\x05\0\0\x03abcd".ljust(257, b"\0")


def by_flac(suite, name, x, rate, bits, *args, container="FLAC"):
    """A FLAC file made by `flac`; its samples are `x`."""
    wav = tools.source(suite.temp("flac.wav"), x, rate, bits)
    file = name + (".oga" if "--ogg" in args else ".flac")
    tools.run(
        [
            "flac",
            "--silent",
            "-f",
            "--no-padding",
            "--serial-number=7",
            "--channel-map=none",
            *args,
            "-o",
            suite.path(file),
            wav,
        ]
        if "--ogg" in args
        else ["flac", "--silent", "-f", "--no-padding", "--channel-map=none", *args, "-o", suite.path(file), wav]
    )
    want = floats(x, bits)
    suite.same(file, want, tools.by_ffmpeg(suite.path(file)), 0.0)
    suite.row(file, container, f"flac{bits}", rate, want, exact=True)
    return suite.path(file), want


def flac(suite):
    """Channels, depths, rates, levels."""
    for channels in range(1, 9):
        x = to_ints(sound(16000, channels, 0.12, 20), 16)
        by_flac(suite, f"flac-{channels}ch", x, 16000, 16)
    for bits in (8, 24):
        for channels in (1, 2):
            by_flac(suite, f"flac-s{bits}-{channels}ch", to_ints(sound(44100, channels, 0.1, bits), bits), 44100, bits)
    for rate in (8000, 22050, 32000, 48000, 88200, 192000):
        by_flac(suite, f"flac-{rate}", to_ints(sound(rate, 2, min(0.15, 9000 / rate), 21), 16), rate, 16)
    x = to_ints(sound(44100, 2, 0.15, 22), 16)
    for level in (0, 3, 8):
        by_flac(suite, f"flac-level{level}", x, 44100, 16, f"-{level}", "--no-seektable")
    by_flac(suite, "flac-block-192", x, 44100, 16, "-b", "192")
    by_flac(
        suite,
        "flac-verbatim",
        to_ints(np.random.Generator(np.random.Philox(1)).standard_normal((900, 2)) * 0.2, 16),
        44100,
        16,
    )
    by_flac(suite, "flac-silence", np.zeros((30000, 2), dtype=np.int64), 44100, 16)
    by_flac(suite, "flac-ogg-1ch", x[:, :1], 44100, 16, "--ogg", container="Ogg")
    by_flac(suite, "flac-ogg-2ch", x, 44100, 16, "--ogg", container="Ogg")
    by_flac(suite, "flac-ogg-24", to_ints(sound(48000, 2, 0.1, 23), 24), 48000, 24, "--ogg", container="Ogg")


def flac_forms(suite):
    """Joined, with tags in front, without a length."""
    parts = []
    for n, seconds in ((1, 0.20), (2, 0.13)):
        x = to_ints(sound(22050, 2, seconds, 24 + n), 16)
        wav = tools.source(suite.temp(f"{n}.wav"), x, 22050)
        tools.run(["flac", "--silent", "-f", "--no-padding", "-o", suite.temp(f"{n}.flac"), wav])
        with open(suite.temp(f"{n}.flac"), "rb") as f:
            parts.append((f.read(), floats(x, 16)))
    (a, want), (b, more) = parts
    suite.write("flac-joined.flac", a + b)
    suite.row(
        "flac-joined.flac",
        "FLAC",
        "flac16",
        22050,
        np.concatenate([want, more]),
        exact=True,
        remark="two files joined with cat",
    )
    suite.write("flac-id3v2.flac", ID3 + a)
    suite.row("flac-id3v2.flac", "FLAC", "flac16", 22050, want, exact=True)
    suite.write("flac-id3v1.flac", a + b"TAG".ljust(128, b"\0"))
    suite.row("flac-id3v1.flac", "FLAC", "flac16", 22050, want, exact=True)
    unknown = bytearray(a)
    unknown[21] &= 0xF0
    unknown[22:26] = b"\0" * 4
    suite.write("flac-no-length.flac", unknown)
    suite.row("flac-no-length.flac", "FLAC", "flac16", 22050, want, exact=True, remark="total samples 0: not known")
    unknown[26:42] = b"\0" * 16
    suite.write("flac-no-md5.flac", unknown)
    suite.row("flac-no-md5.flac", "FLAC", "flac16", 22050, want, exact=True)


def alac(suite):
    """Apple Lossless in M4A, CAF and MOV."""
    for bits in (16, 24):
        for channels in (1, 2):
            file = f"alac-s{bits}-{channels}ch.m4a"
            x = to_ints(sound(44100, channels, 0.12, 30), bits)
            alac_row(suite, file, x, 44100, bits, "MP4")
    for channels in (3, 5, 6, 8):
        x = to_ints(sound(22050, channels, 0.2, 31), 16)
        layout = {3: "3.0", 5: "5.0", 6: "5.1", 8: "7.1(wide)"}[channels]
        alac_row(suite, f"alac-{channels}ch.m4a", x, 22050, 16, "MP4", layout=layout)
    for rate in (8000, 96000):
        alac_row(suite, f"alac-{rate}.m4a", to_ints(sound(rate, 2, 0.1, 32), 16), rate, 16, "MP4")
    x = to_ints(sound(44100, 2, 0.15, 33), 16)
    alac_row(suite, "alac-2ch.caf", x, 44100, 16, "CAF")
    alac_row(suite, "alac-s24.caf", to_ints(sound(44100, 2, 0.1, 33), 24), 44100, 24, "CAF")
    alac_row(suite, "alac-1ch.caf", x[:, :1], 44100, 16, "CAF")
    alac_row(suite, "alac-2ch.mov", x, 44100, 16, "MOV")


def alac_row(suite, file, x, rate, bits, container, layout=None):
    """FFmpeg encodes 24 bits from 32-bit samples."""
    args = ["-c:a", "alac"]
    if bits == 24:
        tools.encode(suite.path(file), x * 256, rate, *args, "-sample_fmt", "s32p", bits=32, layout=layout)
    else:
        tools.encode(suite.path(file), x, rate, *args, "-sample_fmt", "s16p", layout=layout)
    want = floats(x, bits)
    decoded = tools.by_ffmpeg(suite.path(file))
    suite.same(file, want, decoded, 0.0)
    suite.row(file, container, f"alac{bits}", rate, want, exact=True)


def wavpack(suite):
    """WavPack: lossless, float, hybrid."""

    def row(name, data, want, rate, *args, exact=True):
        file = f"wavpack-{name}.wv"
        with open(suite.temp("wv.wav"), "wb") as f:
            f.write(data)
        tools.run(["wavpack", "-q", "-y", *args, suite.temp("wv.wav"), "-o", suite.path(file)])
        decoded = tools.by_ffmpeg(suite.path(file))
        if want is not None:
            suite.same(file, want, decoded, 0.0)
        suite.row(
            file, "WavPack", "wavpack-" + name.split("-")[0], rate, decoded if want is None else want, exact=exact
        )

    for bits in (8, 16, 24, 32):
        x = to_ints(sound(22050, 2, 0.15, 40), bits)
        row(f"s{bits}-2ch", tools.wav(x, 22050, bits), floats(x, bits), 22050)
    for channels in (1, 3, 6, 8):
        x = to_ints(sound(16000, channels, 0.15, 41), 16)
        row(f"s16-{channels}ch", tools.wav(x, 16000, 16), floats(x, 16), 16000)
    x = to_ints(sound(44100, 2, 0.12, 42), 16)
    for args, name in ((["-f"], "fast"), (["-hh"], "veryhigh"), (["-x3"], "extra"), (["-j0"], "leftright")):
        row(f"s16-{name}", tools.wav(x, 44100), floats(x, 16), 44100, *args)
    f = sound(22050, 2, 0.15, 43).astype("<f4")
    data = tools.riff(tools.wav_fmt(3, 2, 22050, 32), tools.chunk(b"data", f.tobytes()))
    row("f32-2ch", data, f, 22050)
    row("hybrid-2ch", tools.wav(x, 44100), None, 44100, "-b256")
    row("hybrid-1ch", tools.wav(x[:, :1].copy(), 44100), None, 44100, "-b200")


def rows(suite):
    """All rows of this file."""
    for make in (flac, flac_forms, alac, wavpack):
        make(suite)
