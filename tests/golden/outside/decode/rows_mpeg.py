"""MPEG audio, layers II and III. Reference: FFmpeg's float decoder, held against mpg123 within 1 LSB of 16 bits."""

import struct

import numpy as np

import tools
from sound import sound, to_ints

ID3V2 = b"ID3\x03\0\0\0\0\x02\x01" + b"TIT2\0\0\0\x06\0\0\0hello".ljust(257, b"\0")
ID3V1 = b"TAG" + b"hello".ljust(124, b"\0") + b"\xff"
RATES = {3: [44100, 48000, 32000], 2: [22050, 24000, 16000], 0: [11025, 12000, 8000]}
KBPS = {
    3: [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    2: [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
}


def frames(data):
    """Offsets and lengths of the layer III frames of a stream without tags."""
    at, out = 0, []
    while at + 4 <= len(data):
        assert data[at] == 0xFF and data[at + 1] & 0xE6 == 0xE2, at
        version = data[at + 1] >> 3 & 3
        kbps = KBPS[3 if version == 3 else 2][data[at + 2] >> 4]
        rate = RATES[version][data[at + 2] >> 2 & 3]
        size = (144000 if version == 3 else 72000) * kbps // rate + (data[at + 2] >> 1 & 1)
        out.append((at, size))
        at += size
    return out


def by_lame(suite, x, rate, *args):
    """Bytes of an MP3 file made by LAME."""
    out = suite.temp("lame.mp3")
    tools.run(["lame", "--silent", "--noreplaygain", *args, tools.source(suite.temp("lame.wav"), x, rate), out])
    with open(out, "rb") as f:
        return f.read()


def row(suite, file, rate, codec="mp3", decoded=None, remark="", others=(), peers=True, code=""):
    """A row of a stored file."""
    path = suite.path(file)
    by_ffmpeg = decoded
    if decoded is None:
        by_ffmpeg = decoded = tools.by_ffmpeg(path, "mp2float" if codec == "mp2" else "mp3float")
    if peers:
        by_mpg123 = tools.by_mpg123(path)
        if not suite.same(file + " (mpg123)", by_mpg123, by_ffmpeg) and by_mpg123.shape == by_ffmpeg.shape:
            # Three decoders (mpg123, lame --decode, earprint's) against one.
            decoded, remark = by_mpg123, "mpg123, since FFmpeg 5.1 has other samples than mpg123 and LAME at the start"
    suite.row(
        file, "MPEG", codec, tools.rate_of(path) if peers else rate, decoded, remark=remark, others=others, code=code
    )


def layer3(suite):
    """Versions, rates, modes, bit rates; a LAME tag tells delay and padding, so the original length comes back."""

    def lame(name, rate, channels, *args, seconds=0.15):
        x = to_ints(sound(rate, channels, seconds, 50), 16)
        suite.write(f"mp3-{name}.mp3", by_lame(suite, x, rate, *args))
        row(suite, f"mp3-{name}.mp3", rate)

    for rate in (44100, 48000, 32000, 22050, 24000, 16000, 11025, 12000, 8000):
        lame(f"cbr-{rate}-2ch", rate, 2, "-b", "64", seconds=0.15 if rate > 16000 else 0.3)
        lame(f"cbr-{rate}-1ch", rate, 1, "-b", "32", "-m", "m", seconds=0.15 if rate > 16000 else 0.3)
    for mode, letter in (("joint", "j"), ("simple", "s"), ("forced-ms", "f"), ("dual", "d")):
        lame(f"{mode}-128", 44100, 2, "-m", letter, "-b", "128")
    for kbps in (32, 96, 192, 320):
        lame(f"cbr-{kbps}", 44100, 2, "-b", kbps)
    for quality in (0, 2, 5, 9):
        lame(f"vbr-v{quality}", 44100, 2, "-V", quality)
    lame("vbr-old", 44100, 2, "--vbr-old", "-V", "4")
    lame("vbr-mpeg2", 22050, 2, "-V", "4")
    lame("abr-100", 44100, 2, "--abr", "100")
    lame("crc", 44100, 2, "-p", "-b", "128")
    lame("noshort", 44100, 2, "--noshort", "-b", "128")
    lame("allshort", 44100, 2, "--allshort", "-b", "128")
    lame("nores", 44100, 2, "--nores", "-b", "128")
    lame("strict-iso", 48000, 2, "--strictly-enforce-ISO", "-b", "128")


def forms(suite):
    """Without tags, with other tags, joined, cut."""
    x = to_ints(sound(44100, 2, 0.15, 51), 16)
    y = to_ints(sound(44100, 2, 0.12, 52), 16)
    for label, args in (("cbr", ["-b", "128"]), ("vbr", ["-V", "4"])):
        suite.write(f"mp3-no-info-{label}.mp3", by_lame(suite, x, 44100, "-t", *args))
        row(suite, f"mp3-no-info-{label}.mp3", 44100, remark="no header tells delay or length: every sample is kept")
    for label, args in (("cbr", ["-b:a", "128k"]), ("vbr", ["-q:a", "4"])):
        file = f"mp3-xing-0-{label}.mp3"
        tools.encode(suite.path(file), x, 44100, "-c:a", "libmp3lame", *args, "-write_xing", "0", "-id3v2_version", "0")
        row(suite, file, 44100)
    tools.encode(suite.path("mp3-ffmpeg.mp3"), x, 44100, "-c:a", "libmp3lame", "-q:a", "4", "-metadata", "title=t")
    row(suite, "mp3-ffmpeg.mp3", 44100, remark="Xing header and ID3v2 of FFmpeg")
    tools.encode(suite.path("mp3-shine.mp3"), x, 44100, "-c:a", "libshine", "-b:a", "128k")
    row(suite, "mp3-shine.mp3", 44100, remark="another encoder")
    with_info = by_lame(suite, x, 44100, "-b", "128")
    bare = by_lame(suite, x, 44100, "-t", "-V", "4")
    suite.write("mp3-tags.mp3", ID3V2 + with_info + ape_tag() + ID3V1)
    row(suite, "mp3-tags.mp3", 44100, remark="ID3v2, APEv2 and ID3v1 around the stream")
    suite.write("mp3-tags-bare.mp3", ID3V2 + bare + ape_tag() + ID3V1)
    row(suite, "mp3-tags-bare.mp3", 44100, remark="the same without Info")
    suite.write("mp3-two-id3v2.mp3", ID3V2 + ID3V2 + with_info)
    row(suite, "mp3-two-id3v2.mp3", 44100)
    suite.write("mp3-vbri.mp3", vbri(bare) + bare)
    row(
        suite,
        "mp3-vbri.mp3",
        44100,
        peers=False,
        decoded=tools.by_ffmpeg(suite.path("mp3-no-info-vbr.mp3")),
        remark="VBRI frame in front: it is no sound",
    )
    suite.same(
        "mp3-vbri.mp3 (FFmpeg)",
        tools.by_ffmpeg(suite.path("mp3-vbri.mp3")),
        tools.by_ffmpeg(suite.path("mp3-no-info-vbr.mp3")),
    )
    suite.write("mp3-junk-first.mp3", b"\0" * 700 + bare)
    row(
        suite,
        "mp3-junk-first.mp3",
        44100,
        decoded=tools.by_ffmpeg(suite.path("mp3-no-info-vbr.mp3")),
        peers=False,
        code="note",
        remark="700 bytes of zeros in front",
    )
    parts = frames(bare)
    at, size = parts[-2]
    suite.write("mp3-cut-in-frame.mp3", bare[: at + size // 2])
    whole = suite.temp("whole.mp3")
    with open(whole, "wb") as f:
        f.write(bare[:at])
    row(
        suite,
        "mp3-cut-in-frame.mp3",
        44100,
        decoded=tools.by_ffmpeg(whole),
        peers=False,
        others=[tools.by_ffmpeg(suite.path("mp3-cut-in-frame.mp3"))],
        code="note",
        remark="cut in its last frame but one",
    )
    suite.write("mp3-free-format.mp3", by_lame(suite, x, 44100, "--freeformat", "-b", "400"))
    decoded = tools.read_wav(tools.run(["lame", "--silent", "--decode", suite.path("mp3-free-format.mp3"), "-"]))[0]
    row(
        suite,
        "mp3-free-format.mp3",
        44100,
        decoded=decoded,
        peers=False,
        code="E_UNSUPPORTED",
        remark="FFmpeg cannot; reference: lame --decode",
        others=[tools.by_mpg123(suite.path("mp3-free-format.mp3"))],
    )
    joined(suite, x, y)


def joined(suite, x, y):
    """Two files joined with cat. With Info, the second one's header frame is no sound: each part has its own length."""
    for label, args in (("info", []), ("bare", ["-t"])):
        a = by_lame(suite, x, 44100, "-b", "128", *args)
        b = by_lame(suite, y, 44100, "-b", "160", *args)
        suite.write(f"mp3-joined-{label}.mp3", a + b)
        decoded = []
        for n, data in enumerate((a, b)):
            with open(suite.temp(f"part{n}.mp3"), "wb") as f:
                f.write(data)
            decoded.append(tools.by_ffmpeg(suite.temp(f"part{n}.mp3")))
        by_ffmpeg = tools.by_ffmpeg(suite.path(f"mp3-joined-{label}.mp3"))
        by_mpg123 = tools.by_mpg123(suite.path(f"mp3-joined-{label}.mp3"))
        both = np.concatenate(decoded)
        if label == "info":
            # Each file's own samples, trimmed by its own header; or the second header not looked for.
            row(
                suite,
                "mp3-joined-info.mp3",
                44100,
                decoded=both,
                peers=False,
                code="note",
                others=[by_ffmpeg, by_mpg123],
                remark="each part trimmed by its own Info; accepted too: FFmpeg's and mpg123's reading",
            )
        else:
            # The bit reservoir is empty at the border: the second part begins as a file of its own would.
            row(
                suite,
                "mp3-joined-bare.mp3",
                44100,
                decoded=by_ffmpeg,
                peers=False,
                code="note",
                others=[both, by_mpg123],
                remark="one stream to every decoder",
            )


def ape_tag():
    """An APEv2 tag with a header and one item."""
    item = struct.pack("<II", 5, 0) + b"Title\0" + b"hello"
    size = len(item) + 32
    return (
        b"APETAGEX"
        + struct.pack("<IIII", 2000, size, 1, 0xA0000000)
        + b"\0" * 8
        + item
        + b"APETAGEX"
        + struct.pack("<IIII", 2000, size, 1, 0x80000000)
        + b"\0" * 8
    )


def vbri(stream):
    """A frame of Fraunhofer's VBRI header: 44.1 kHz, 128 kbit/s stereo."""
    count = len(frames(stream))
    body = b"VBRI" + struct.pack(">HHHIIHHHH", 1, 0, 75, len(stream) + 417, count, 1, 1, 2, count) + b"\0\x10" * 1
    return (b"\xff\xfb\x90\x44" + b"\0" * 32 + body).ljust(417, b"\0")


def layer2(suite):
    """Layer II by two encoders."""
    for rate, channels, kbps in (
        (44100, 2, 192),
        (48000, 2, 256),
        (32000, 1, 64),
        (44100, 1, 96),
        (22050, 2, 96),
        (24000, 1, 48),
        (16000, 2, 64),
    ):
        x = to_ints(sound(rate, channels, 0.15, 53), 16)
        file = f"mp2-{rate}-{channels}ch.mp2"
        tools.encode(suite.path(file), x, rate, "-c:a", "mp2", "-b:a", f"{kbps}k")
        row(suite, file, rate, codec="mp2")
    x = to_ints(sound(44100, 2, 0.15, 54), 16)
    for mode in ("joint", "stereo", "dual"):
        file = f"mp2-twolame-{mode}.mp2"
        tools.run(
            [
                "twolame",
                "--quiet",
                "-b",
                "128" if mode == "joint" else "224",
                "-m",
                mode,
                tools.source(suite.temp("mp2.wav"), x, 44100),
                suite.path(file),
            ]
        )
        # FFmpeg 5.1 drops frames where the mode changes between joint and plain stereo.
        row(suite, file, 44100, codec="mp2", decoded=tools.by_mpg123(suite.path(file)))


def rows(suite):
    """All rows of this file."""
    for make in (layer3, forms, layer2):
        make(suite)
