"""AAC. Encoder and reference: FFmpeg (no other is packaged freely). Perceptual noise substitution is off but in one row,
since its noise is every decoder's own."""

import struct

import tools
from sound import sound, to_ints

AAC = ["-c:a", "aac", "-aac_pns", "0"]


def original(suite, file, x, container, remark="", edit=True, code=""):
    """A row of an MP4: the length its tables tell, which is the original one. FFmpeg 5.1 leaves the last packet whole;
    that reading counts too."""
    decoded = tools.by_ffmpeg(suite.path(file))
    name = tools.rate_of(suite.path(file))
    if len(decoded) < len(x):
        suite.disagreements.append(f"{file}: {len(decoded)} of {len(x)} frames by FFmpeg")
        suite.row(file, container, "aac-lc", name, decoded, remark=remark, code=code)
        return
    suite.row(
        file,
        container,
        "aac-lc",
        name,
        decoded[: len(x)],
        remark=remark,
        code=code,
        others=[decoded] if len(decoded) > len(x) else [],
    )


def adts(suite):
    """ADTS tells neither delay nor length: every sample is kept."""
    for rate in (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000):
        x = to_ints(sound(rate, 2, min(0.3, 5600 / rate), 80), 16)
        file = f"aac-{rate}.aac"
        tools.encode(suite.path(file), x, rate, *AAC, "-b:a", f"{max(24, min(128, rate * 2 // 1000))}k")
        suite.row(file, "ADTS", "aac-lc", rate, tools.by_ffmpeg(suite.path(file)))
    for channels in (1, 3, 4, 5, 6, 8):
        x = to_ints(sound(44100, channels, 0.1, 81), 16)
        file = f"aac-{channels}ch.aac"
        layout = {4: "4.0", 8: "7.1(wide)"}.get(channels)
        tools.encode(suite.path(file), x, 44100, *AAC, "-b:a", f"{48 * channels}k", layout=layout)
        suite.row(file, "ADTS", "aac-lc", 44100, tools.by_ffmpeg(suite.path(file)))
    x = to_ints(sound(44100, 2, 0.13, 82), 16)
    for label, args in (
        ("64k", ["-b:a", "64k"]),
        ("256k", ["-b:a", "256k"]),
        ("fast", ["-aac_coder", "fast"]),
        ("no-tns", ["-aac_tns", "0"]),
        ("no-is", ["-aac_is", "0"]),
        ("low-32k", ["-b:a", "32k"]),
    ):
        tools.encode(suite.path(f"aac-{label}.aac"), x, 44100, *AAC, *args)
        suite.row(f"aac-{label}.aac", "ADTS", "aac-lc", 44100, tools.by_ffmpeg(suite.path(f"aac-{label}.aac")))
    with open(suite.path("aac-44100.aac"), "rb") as f:
        stream = f.read()
    suite.write("aac-id3.aac", b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10 + stream)
    suite.row(
        "aac-id3.aac", "ADTS", "aac-lc", 44100, tools.by_ffmpeg(suite.path("aac-44100.aac")), remark="ID3v2 in front"
    )
    for profile in ("aac_main", "aac_ltp"):
        file = f"{profile.replace('_', '-')}.aac"
        tools.encode(suite.path(file), x, 44100, *AAC, "-profile:a", profile, "-strict", "-2", "-b:a", "96k")
        suite.row(
            file,
            "ADTS",
            profile,
            44100,
            tools.by_ffmpeg(suite.path(file)),
            code="E_UNSUPPORTED",
            remark="another profile than LC",
        )


def mp4(suite):
    """M4A, MOV, fragments, gapless tags."""
    for channels in (1, 2, 6):
        x = to_ints(sound(44100, channels, 0.13, 83), 16)
        tools.encode(suite.path(f"m4a-{channels}ch.m4a"), x, 44100, *AAC, "-b:a", f"{56 * channels}k")
        original(suite, f"m4a-{channels}ch.m4a", x, "MP4", "edit list: 1,024 frames of delay")
    for rate in (48000, 32000, 22050, 8000):
        x = to_ints(sound(rate, 2, min(0.4, 5600 / rate), 84), 16)
        tools.encode(suite.path(f"m4a-{rate}.m4a"), x, rate, *AAC)
        original(suite, f"m4a-{rate}.m4a", x, "MP4")
    x = to_ints(sound(44100, 2, 0.13, 85), 16)
    for file, args, container, remark in (
        ("m4a-faststart.m4a", ["-movflags", "+faststart"], "MP4", "index in front"),
        ("m4a-tags.m4a", ["-metadata", "title=t", "-metadata", "artist=a"], "MP4", ""),
        ("aac-2ch.mov", ["-f", "mov"], "MOV", ""),
        ("aac-2ch.3gp", ["-f", "3gp"], "3GP", ""),
    ):
        tools.encode(suite.path(file), x, 44100, *AAC, *args)
        original(suite, file, x, container, remark)
    for label, flags in (("frag", "+frag_keyframe+empty_moov+default_base_moof"), ("dash", "+dash+frag_every_frame")):
        file = f"m4a-{label}.mp4"
        tools.encode(suite.path(file), x, 44100, *AAC, "-movflags", flags, "-f", "mp4")
        original(suite, file, x, "MP4", "fragmented")
    plain = suite.temp("no-edit.m4a")
    tools.encode(plain, x, 44100, *AAC, "-use_editlist", "0")
    with open(plain, "rb") as f:
        data = f.read()
    suite.write("m4a-no-edit.m4a", data)
    suite.row(
        "m4a-no-edit.m4a",
        "MP4",
        "aac-lc",
        44100,
        tools.by_ffmpeg(suite.path("m4a-no-edit.m4a")),
        others=[
            tools.by_ffmpeg(suite.path("m4a-no-edit.m4a"))[: len(x) + 1024],
            tools.by_ffmpeg(plain)[1024 : 1024 + len(x)],
        ],
        remark="no edit list: nothing tells the delay",
    )
    packets = -(-(len(x) + 1024) // 1024)
    rest = packets * 1024 - 1024 - len(x)
    suite.write("m4a-itunsmpb.m4a", with_itunsmpb(data, 1024, rest, len(x)))
    decoded = tools.by_ffmpeg(suite.path("m4a-no-edit.m4a"))
    suite.row(
        "m4a-itunsmpb.m4a",
        "MP4",
        "aac-lc",
        44100,
        decoded[1024 : 1024 + len(x)],
        others=[decoded[1024:]],
        remark="delay and length in iTunSMPB alone",
    )
    noise = to_ints(sound(44100, 2, 0.13, 86), 16)
    tools.encode(suite.path("aac-pns.aac"), noise, 44100, "-c:a", "aac", "-aac_pns", "1", "-b:a", "48k")
    suite.row(
        "aac-pns.aac",
        "ADTS",
        "aac-lc",
        44100,
        tools.by_ffmpeg(suite.path("aac-pns.aac")),
        match="noise",
        remark="substituted noise differs from decoder to decoder: only its level is compared",
    )


def box(name, body):
    """An MP4 box."""
    return struct.pack(">I", len(body) + 8) + name + body


def with_itunsmpb(data, delay, rest, frames):
    """Appends `udta/meta/ilst/----` with iTunSMPB to a `moov` that stands at the end of the file."""
    at = data.index(b"moov") - 4
    size = struct.unpack(">I", data[at : at + 4])[0]
    assert at + size == len(data), "the index stands at the end"
    text = f" 00000000 {delay:08X} {rest:08X} {frames:016X} " + "00000000 " * 8
    value = box(
        b"----",
        box(b"mean", b"\0" * 4 + b"com.apple.iTunes")
        + box(b"name", b"\0" * 4 + b"iTunSMPB")
        + box(b"data", struct.pack(">II", 1, 0) + text.encode()),
    )
    handler = box(b"hdlr", b"\0" * 8 + b"mdirappl" + b"\0" * 9)
    udta = box(b"udta", box(b"meta", b"\0" * 4 + handler + box(b"ilst", value)))
    return data[:at] + struct.pack(">I", size + len(udta)) + data[at + 4 :] + udta


def rows(suite):
    """All rows of this file."""
    for make in (adts, mp4):
        make(suite)
