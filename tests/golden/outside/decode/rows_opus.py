"""Opus. Reference: opusdec (libopus, float, no dither, 48 kHz); FFmpeg with libopus in other containers."""

import struct

import numpy as np

import tools
from sound import sound, to_ints


def by_opusenc(suite, file, x, rate, *args, serial=1):
    """Encodes with opusenc."""
    wav = tools.source(suite.temp("opus.wav"), x, rate)
    tools.run(["opusenc", "--quiet", "--padding", "0", "--serial", serial, *args, wav, suite.path(file)])
    return suite.path(file)


def row(suite, file, remark="", container="Ogg", decoded=None, others=(), code=""):
    """A row of a stored file: opusdec and FFmpeg's libopus must agree."""
    path = suite.path(file)
    if decoded is None:
        decoded = tools.by_opusdec(path, suite.scratch)
        suite.same(file + " (FFmpeg)", tools.by_ffmpeg(path, "libopus"), decoded, 0.6)
    suite.row(file, container, "opus", 48000, decoded, remark=remark, others=others, code=code)


def encoders(suite):
    """Channels, bit rates, modes, frame lengths."""
    for channels in range(1, 9):
        x = to_ints(sound(48000, channels, 0.16 if channels < 3 else 0.07, 70), 16)
        by_opusenc(suite, f"opus-{channels}ch.opus", x, 48000, "--bitrate", 40 * channels)
        row(suite, f"opus-{channels}ch.opus")
    for kbps in (6, 16, 24, 64, 128, 256, 450):
        x = to_ints(sound(48000, 2, 0.12, 71), 16)
        by_opusenc(suite, f"opus-{kbps}k.opus", x, 48000, "--bitrate", kbps)
        row(suite, f"opus-{kbps}k.opus", remark="from SILK to CELT by bit rate")
    for ms in ("2.5", "5", "10", "20", "40", "60"):
        for kind, kbps in (("music", 96), ("speech", 20)):
            x = to_ints(sound(48000, 1, 0.16, 72), 16)
            file = f"opus-{kind}-{ms}ms.opus"
            by_opusenc(suite, file, x, 48000, "--framesize", ms, f"--{kind}", "--bitrate", kbps)
            row(suite, file)
    for ms in ("80", "100", "120"):
        x = to_ints(sound(48000, 1, 0.3, 73), 16)
        tools.encode(
            suite.path(f"opus-ffmpeg-{ms}ms.opus"), x, 48000, "-c:a", "libopus", "-frame_duration", ms, "-b:a", "64k"
        )
        row(suite, f"opus-ffmpeg-{ms}ms.opus", remark="FFmpeg's Ogg writer")
    for rate in (8000, 12000, 16000, 24000, 44100):
        x = to_ints(sound(rate, 1, 0.15, 74), 16)
        by_opusenc(suite, f"opus-from-{rate}.opus", x, rate, "--bitrate", 24)
        row(suite, f"opus-from-{rate}.opus", remark="decoded at 48 kHz whatever the source's rate was")
    x = to_ints(sound(48000, 2, 0.12, 75), 16)
    for label, args in (
        ("cbr", ["--hard-cbr"]),
        ("cvbr", ["--cvbr"]),
        ("comp0", ["--comp", "0"]),
        ("loss", ["--expect-loss", "20", "--bitrate", "24"]),
        ("hybrid", ["--speech", "--bitrate", "36"]),
    ):
        by_opusenc(suite, f"opus-{label}.opus", x, 48000, *args)
        row(suite, f"opus-{label}.opus")
    for app in ("voip", "lowdelay"):
        tools.encode(suite.path(f"opus-{app}.opus"), x, 48000, "-c:a", "libopus", "-application", app, "-b:a", "48k")
        row(suite, f"opus-{app}.opus")
    tools.encode(suite.path("opus-native.opus"), x, 48000, "-c:a", "opus", "-strict", "-2", "-b:a", "96k")
    row(suite, "opus-native.opus", remark="FFmpeg's own encoder")


def forms(suite):
    """Pre-skip, gain, trims, chains."""
    x = to_ints(sound(48000, 2, 0.16, 76), 16)
    y = to_ints(sound(48000, 2, 0.1, 77), 16)
    path = by_opusenc(suite, "opus-plain.opus", x, 48000, "--max-delay", "40", "--bitrate", "64")
    row(suite, "opus-plain.opus", remark="pages of 40 ms")
    with open(path, "rb") as f:
        pages = tools.ogg_pages(f.read())

    def changed(file, change, remark, **more):
        copies = [bytearray(page) for page in pages]
        change(copies)
        suite.write(file, tools.ogg_file(copies))
        row(suite, file, remark=remark, **more)

    def head(copies, offset, form, value):
        at = copies[0].index(b"OpusHead") + offset
        copies[0][at : at + struct.calcsize(form)] = struct.pack(form, value)

    for gain_db in (-6, 3):
        changed(f"opus-gain{gain_db:+d}.opus", lambda c: head(c, 16, "<h", gain_db * 256), "output gain in the header")
    changed("opus-preskip-0.opus", lambda c: head(c, 10, "<H", 0), "pre-skip 0")
    changed("opus-preskip-3840.opus", lambda c: head(c, 10, "<H", 3840), "pre-skip of 80 ms")
    changed(
        "opus-end-trim.opus",
        lambda c: tools.set_granule(c[-1], tools.granule(c[-1]) - 100),
        "100 frames cut at the end",
    )

    def later(copies):
        for page in copies[2:]:
            tools.set_granule(page, tools.granule(page) + 5_000_000)

    changed("opus-begins-later.opus", later, "positions begin at 5,000,000")
    suite.write("opus-cut.opus", tools.ogg_file([bytearray(page) for page in pages[:-1]]))
    row(suite, "opus-cut.opus", remark="the last page is missing", code="note")
    parts, data = [], []
    for n, z in ((21, x), (22, y)):
        path = by_opusenc(suite, f"tmp-{n}.opus", z, 48000, serial=n)
        parts.append(tools.by_opusdec(path, suite.scratch))
        with open(path, "rb") as f:
            data.append(f.read())
    suite.write("opus-chained.opus", b"".join(data))
    whole = tools.by_opusdec(suite.path("opus-chained.opus"), suite.scratch)
    suite.same("opus-chained.opus (opusdec)", whole, np.concatenate(parts), 0.6)
    row(suite, "opus-chained.opus", decoded=np.concatenate(parts), remark="two streams in a row")
    by_opusenc(suite, "opus-one-packet.opus", x[:400], 48000)
    row(suite, "opus-one-packet.opus", remark="400 frames")


def containers(suite):
    """WebM, Matroska, MP4."""
    for channels in (1, 2, 6):
        x = to_ints(sound(48000, channels, 0.12 if channels < 3 else 0.07, 78), 16)
        for ext, name in (("webm", "WebM"), ("mkv", "Matroska"), ("mp4", "MP4")):
            file = f"opus-{channels}ch.{ext}"
            tools.encode(suite.path(file), x, 48000, "-c:a", "libopus", "-b:a", f"{48 * channels}k")
            decoded = tools.by_ffmpeg(suite.path(file), "libopus")
            others = [decoded[: len(x)]] if len(decoded) > len(x) else []
            row(suite, file, container=name, decoded=decoded, others=others)


def rows(suite):
    """All rows of this file."""
    for make in (encoders, forms, containers):
        make(suite)
