"""Ogg Vorbis. Reference: libvorbis (`ov_read_float`); FFmpeg's own decoder is held against it."""

import numpy as np

import tools
from sound import sound, to_ints

# Vorbis I, section 4.3.9, to the order of WAVE files (front left, right, centre, LFE, back, side).
ORDER = {
    1: [0],
    2: [0, 1],
    3: [0, 2, 1],
    4: [0, 1, 2, 3],
    5: [0, 2, 1, 3, 4],
    6: [0, 2, 1, 5, 3, 4],
    7: [0, 2, 1, 6, 5, 3, 4],
    8: [0, 2, 1, 7, 5, 6, 3, 4],
}


def by_oggenc(suite, file, x, rate, *args, serial=1):
    """Encodes with oggenc."""
    wav = tools.source(suite.temp("ogg.wav"), x, rate)
    tools.run(["oggenc", "-Q", "--serial", serial, *args, "-o", suite.path(file), wav])
    return suite.path(file)


def decoded(suite, path, name):
    """What libvorbis gives, in WAVE order; FFmpeg's samples must be the same wherever it has them."""
    ours = surplus_at_start(suite, path, libvorbis(path))
    # Read as a stream, libvorbis cuts no more of the end than its last packet holds; oggdec, which seeks, cuts it all.
    if len(set(serials(path))) == 1:
        ours = ours[: len(tools.read_wav(tools.run(["oggdec", "-Q", "-o", "-", path]))[0])]
    try:
        theirs = tools.by_ffmpeg(path)
    except RuntimeError:
        suite.disagreements.append(f"{name}: FFmpeg fails")
        return ours
    # FFmpeg 5.1 cuts neither the start nor always the end where the positions say so.
    for skip in (0, len(ours) - len(theirs)):
        for a, b in ((ours[max(skip, 0) :], theirs), (ours, theirs[max(-skip, 0) :])):
            n = min(len(a), len(b))
            if n and np.max(np.abs(a[:n] - b[:n])) * 32768 < 1:
                if skip or len(a) != len(b):
                    suite.disagreements.append(
                        f"{name}: FFmpeg has {len(theirs)} frames, libvorbis {len(ours)}; "
                        f"the same samples after a shift of {skip}"
                    )
                return ours
    suite.same(name + " (FFmpeg)", theirs[: len(ours)], ours[: len(theirs)])
    return ours


def serials(path):
    """Serial number of every page."""
    with open(path, "rb") as f:
        return [bytes(page[14:18]) for page in tools.ogg_pages(f.read())]


def surplus_at_start(suite, path, plain):
    """Vorbis I, appendix A.2: what the first page holds beyond its position is cut at the start. libvorbis learns of the
    position with the page's last packet and cuts there, in the middle of what it has given out; so the same stream is
    decoded with later positions, where nothing is cut, and cut here."""
    with open(path, "rb") as f:
        pages = tools.ogg_pages(f.read())
    audio = [page for page in pages if tools.granule(page) > 0]
    if len({bytes(page[14:18]) for page in pages}) > 1 or audio[0][5] & 4:
        return plain
    for page in audio:
        tools.set_granule(page, tools.granule(page) + 1_000_000)
    with open(suite.temp("later.ogg"), "wb") as f:
        f.write(tools.ogg_file(pages))
    whole = libvorbis(suite.temp("later.ogg"))
    return whole[len(whole) - len(plain) :]


def libvorbis(path):
    """All links of a file, in WAVE order."""
    return np.concatenate([x[:, ORDER[x.shape[1]]] for x in tools.by_libvorbis(path)])


def row(suite, file, rate, remark="", container="Ogg", others=(), code=""):
    """A row of a stored file."""
    suite.row(
        file, container, "vorbis", rate, decoded(suite, suite.path(file), file), remark=remark, others=others, code=code
    )


def qualities(suite):
    """Qualities, channels, rates."""
    for quality in (-1, 0, 2, 4, 6, 8, 10):
        x = to_ints(sound(44100, 2, 0.14, 60), 16)
        by_oggenc(suite, f"vorbis-q{quality}.ogg", x, 44100, "-q", quality)
        row(suite, f"vorbis-q{quality}.ogg", 44100)
    for channels in range(1, 9):
        for quality in (0, 3) if channels != 2 else (3,):
            x = to_ints(sound(32000, channels, 0.12, 61), 16)
            file = f"vorbis-{channels}ch-q{quality}.ogg"
            by_oggenc(suite, file, x, 32000, "-q", quality)
            row(suite, file, 32000)
    for rate in (8000, 11025, 16000, 22050, 48000, 96000):
        x = to_ints(sound(rate, 2, min(0.4, 6000 / rate), 62), 16)
        by_oggenc(suite, f"vorbis-{rate}.ogg", x, rate, "-q", "3")
        row(suite, f"vorbis-{rate}.ogg", rate)
    x = to_ints(sound(44100, 2, 0.14, 63), 16)
    by_oggenc(suite, "vorbis-managed.ogg", x, 44100, "--managed", "-b", "96")
    row(suite, "vorbis-managed.ogg", 44100)
    tools.encode(suite.path("vorbis-ffmpeg.ogg"), x, 44100, "-c:a", "libvorbis", "-q:a", "3", "-serial_offset", "5")
    row(suite, "vorbis-ffmpeg.ogg", 44100, remark="FFmpeg's Ogg writer")
    for frames in (1, 64, 500, 3000):
        by_oggenc(suite, f"vorbis-{frames}-frames.ogg", x[:frames], 44100, "-q", "3")
        row(suite, f"vorbis-{frames}-frames.ogg", 44100, remark="shorter than a block or a few")


def plausible(path):
    """Pages of a file that FFmpeg copied: FFmpeg 5.1 sometimes writes the last position 2^32 too high."""
    with open(path, "rb") as f:
        pages = tools.ogg_pages(f.read())
    tools.set_granule(pages[-1], tools.granule(pages[-1]) & 0xFFFFFFFF)
    return pages


def paged(suite, file, x, rate, quality="3", page_us=40000):
    """A file with several small audio pages."""
    by_oggenc(suite, "tmp-paged.ogg", x, rate, "-q", quality)
    tools.run(
        tools.FFMPEG
        + [
            "-i",
            suite.path("tmp-paged.ogg"),
            "-c",
            "copy",
            "-page_duration",
            page_us,
            "-fflags",
            "+bitexact",
            suite.temp(file),
        ]
    )
    return plausible(suite.temp(file))


def pages(suite):
    """Granule positions: surplus in the first and the last page, streams that do not begin at 0."""
    x = to_ints(sound(44100, 2, 0.24, 64), 16)
    made = paged(suite, "paged.ogg", x, 44100)
    audio = [i for i, page in enumerate(made) if tools.granule(page) > 0]
    # FFmpeg counts 128 frames too many where a stream begins with a short block: the first page must end where it ends.
    suite.write("tmp-base.ogg", tools.ogg_file([bytearray(page) for page in made]))
    base = len(libvorbis(suite.path("tmp-base.ogg"))) - tools.granule(made[-1])
    for i in audio:
        tools.set_granule(made[i], tools.granule(made[i]) + base)
    assert len(audio) >= 4, len(audio)

    def shifted(file, by, remark, change=lambda pages: None, code=""):
        copies = [bytearray(page) for page in made]
        for i in audio:
            tools.set_granule(copies[i], tools.granule(copies[i]) + by)
        change(copies)
        suite.write(file, tools.ogg_file(copies))
        row(suite, file, 44100, remark=remark, code=code)

    shifted("vorbis-pages.ogg", 0, "several pages")
    # At most the last block of the page: libvorbis drops a larger surplus in the middle of the page.
    for surplus in (64, 128, 500):
        shifted(
            f"vorbis-first-page-{surplus}.ogg",
            -surplus,
            "the first page's position is smaller than its samples: the surplus is cut at the start",
        )
    shifted("vorbis-begins-later.ogg", 1_000_000, "positions begin at 1,000,000, as of a recorded station")

    def no_last_flag(copies):
        copies[-1][5] &= ~4

    shifted("vorbis-no-eos.ogg", 0, "the last page is not marked as last", no_last_flag, "note")

    def trimmed(copies):
        tools.set_granule(copies[-1], tools.granule(copies[-1]) - 20)

    shifted("vorbis-end-trim.ogg", 0, "the last page's position cuts 20 more frames", trimmed)
    cut = [bytearray(page) for page in made][:-2]
    suite.write("vorbis-cut.ogg", tools.ogg_file(cut))
    row(suite, "vorbis-cut.ogg", 44100, remark="the last pages are missing", code="note")
    # A stream copied from its middle: headers, then pages from the third audio page on.
    middle = [bytearray(page) for page in made[: audio[0]] + made[audio[2] :]]
    suite.write("vorbis-from-middle.ogg", tools.ogg_file(middle))
    row(suite, "vorbis-from-middle.ogg", 44100, remark="headers, then pages from the middle", code="note")
    short = to_ints(sound(44100, 2, 0.03, 65), 16)
    path = by_oggenc(suite, "vorbis-one-page.ogg", short, 44100, "-q", "3")
    row(suite, "vorbis-one-page.ogg", 44100, remark="a single audio page, trimmed at its end")
    with open(path, "rb") as f:
        one = tools.ogg_pages(f.read())
    one[-1][5] &= ~4
    suite.write("vorbis-one-page-no-eos.ogg", tools.ogg_file(one))
    row(
        suite,
        "vorbis-one-page-no-eos.ogg",
        44100,
        remark="the same page not marked as last: cut at its start",
        code="note",
    )
    tools.run(
        tools.FFMPEG
        + [
            "-ss",
            "0.1",
            "-i",
            suite.path("vorbis-pages.ogg"),
            "-c",
            "copy",
            "-fflags",
            "+bitexact",
            suite.path("vorbis-ss-copy.ogg"),
        ]
    )
    suite.write("vorbis-ss-copy.ogg", tools.ogg_file(plausible(suite.path("vorbis-ss-copy.ogg"))))
    row(suite, "vorbis-ss-copy.ogg", 44100, remark="cut by ffmpeg -ss -c copy")


def chains(suite):
    """Chained streams, and Vorbis beside Theora."""
    x = to_ints(sound(44100, 2, 0.12, 66), 16)
    y = to_ints(sound(44100, 2, 0.1, 67), 16)
    data, parts = [], []
    for serial, z in ((11, x), (12, y)):
        path = by_oggenc(suite, f"tmp-{serial}.ogg", z, 44100, "-q", serial - 10, serial=serial)
        with open(path, "rb") as f:
            data.append(f.read())
        parts.append(libvorbis(path))
    suite.write("vorbis-chained.ogg", b"".join(data))
    suite.same("vorbis-chained (libvorbis)", libvorbis(suite.path("vorbis-chained.ogg")), np.concatenate(parts))
    suite.row("vorbis-chained.ogg", "Ogg", "vorbis", 44100, np.concatenate(parts), remark="two streams in a row")
    suite.write("vorbis-chained-same-serial.ogg", data[0] + data[0])
    suite.row(
        "vorbis-chained-same-serial.ogg",
        "Ogg",
        "vorbis",
        44100,
        np.concatenate([parts[0], parts[0]]),
        others=[libvorbis(suite.path("vorbis-chained-same-serial.ogg"))],
        remark="the same file twice: one serial number",
    )
    z = to_ints(sound(22050, 1, 0.2, 68), 16)
    other = by_oggenc(suite, "tmp-13.ogg", z, 22050, "-q", "3", serial=13)
    with open(other, "rb") as f:
        suite.write("vorbis-chained-other-rate.ogg", data[0] + f.read())
    suite.row(
        "vorbis-chained-other-rate.ogg",
        "Ogg",
        "vorbis",
        44100,
        parts[0],
        code="note",
        remark="the second stream has another rate and channel count: the first one, with a note",
    )
    raw = tools.packed(x, 16)
    tools.run(
        tools.FFMPEG
        + [
            "-f",
            "lavfi",
            "-i",
            "testsrc=size=32x32:rate=10:duration=0.2",
            "-f",
            "s16le",
            "-ar",
            44100,
            "-ac",
            2,
            "-i",
            "pipe:0",
            "-c:v",
            "libtheora",
            "-q:v",
            "0",
            "-c:a",
            "libvorbis",
            "-q:a",
            "3",
            "-fflags",
            "+bitexact",
            "-flags",
            "+bitexact",
            suite.path("vorbis-theora.ogv"),
        ],
        raw,
    )
    whole = tools.by_ffmpeg(suite.path("vorbis-theora.ogv"))
    suite.same("vorbis-theora (libvorbis)", alone(suite)[: len(x)], whole[: len(x)])
    suite.row(
        "vorbis-theora.ogv",
        "Ogg",
        "vorbis",
        44100,
        whole[: len(x)],
        others=[whole] if len(whole) > len(x) else [],
        remark="beside a Theora video",
    )


def alone(suite):
    """The audio stream of the video alone, by libvorbis."""
    tools.run(
        tools.FFMPEG + ["-i", suite.path("vorbis-theora.ogv"), "-map", "0:a", "-c", "copy", suite.temp("alone.ogg")]
    )
    return libvorbis(suite.temp("alone.ogg"))


def rows(suite):
    """All rows of this file."""
    for make in (qualities, pages, chains):
        make(suite)
