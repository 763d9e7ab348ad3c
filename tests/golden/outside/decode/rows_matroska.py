"""Matroska, WebM and MP4 with the codecs that other families encode."""

import tools
from rows_pcm import floats
from sound import sound, to_ints


def lossy(suite, file, container, codec, x, rate, *args, layout=None):
    """A row decoded by FFmpeg; the original length counts where FFmpeg leaves a padded end."""
    tools.encode(suite.path(file), x, rate, *args, layout=layout)
    decoded = tools.by_ffmpeg(suite.path(file))
    others = [decoded[: len(x)]] if len(decoded) > len(x) else []
    suite.row(file, container, codec, rate, decoded, others=others)
    return decoded


def rows(suite):
    """All rows of this file."""
    x = to_ints(sound(44100, 2, 0.12, 90), 16)
    six = to_ints(sound(44100, 6, 0.1, 91), 16)
    for file, container in (("vorbis-2ch.webm", "WebM"), ("vorbis-2ch.mkv", "Matroska")):
        vorbis(suite, file, container, x)
    vorbis(suite, "vorbis-6ch.webm", "WebM", six)
    lossy(suite, "aac-2ch.mkv", "Matroska", "aac-lc", x, 44100, "-c:a", "aac", "-aac_pns", "0")
    lossy(suite, "aac-6ch.mkv", "Matroska", "aac-lc", six, 44100, "-c:a", "aac", "-aac_pns", "0", "-b:a", "300k")
    lossy(suite, "mp3-2ch.mkv", "Matroska", "mp3", x, 44100, "-c:a", "libmp3lame", "-b:a", "128k")
    lossy(suite, "mp3-2ch.mp4", "MP4", "mp3", x, 44100, "-c:a", "libmp3lame", "-b:a", "128k")
    lossy(suite, "mp2-2ch.mkv", "Matroska", "mp2", x, 44100, "-c:a", "mp2")
    for file, container, codec, bits, args in (
        ("flac-2ch.mkv", "Matroska", "flac16", 16, ["-c:a", "flac"]),
        ("flac-2ch.mp4", "MP4", "flac16", 16, ["-c:a", "flac", "-strict", "-2"]),
        ("alac-2ch.mkv", "Matroska", "alac16", 16, ["-c:a", "alac", "-sample_fmt", "s16p"]),
        ("pcm-s16.mkv", "Matroska", "pcm16", 16, ["-c:a", "pcm_s16le"]),
        ("pcm-f32.mkv", "Matroska", "f32", 16, ["-c:a", "pcm_f32le"]),
        ("wavpack-2ch.mkv", "Matroska", "wavpack", 16, ["-c:a", "wavpack", "-sample_fmt", "s16p"]),
        ("pcm-s16.mov", "MOV", "pcm16", 16, ["-c:a", "pcm_s16be"]),
        ("pcm-s24.mov", "MOV", "pcm24", 16, ["-c:a", "pcm_s24le"]),
        ("alaw.mov", "MOV", "alaw", 0, ["-c:a", "pcm_alaw"]),
        ("ima4.mov", "MOV", "adpcm-ima-qt", 0, ["-c:a", "adpcm_ima_qt"]),
    ):
        tools.encode(suite.path(file), x, 44100, *args)
        decoded = tools.by_ffmpeg(suite.path(file))
        if bits:
            suite.same(file, floats(x, bits), decoded, 0.0)
        suite.row(file, container, codec, 44100, decoded, exact=True, code="E_UNSUPPORTED" if "ima4" in file else "")
    flac24 = to_ints(sound(44100, 2, 0.1, 92), 24)
    tools.encode(suite.path("flac-s24.mkv"), flac24 * 256, 44100, "-c:a", "flac", "-sample_fmt", "s32", bits=32)
    suite.same("flac-s24.mkv", floats(flac24, 24), tools.by_ffmpeg(suite.path("flac-s24.mkv")), 0.0)
    suite.row("flac-s24.mkv", "Matroska", "flac24", 44100, floats(flac24, 24), exact=True)


def vorbis(suite, file, container, x):
    """libvorbis knows no Matroska: the packets are also put into Ogg, and its samples of those are the reference."""
    import numpy as np
    from rows_vorbis import libvorbis

    tools.encode(suite.path(file), x, 44100, "-c:a", "libvorbis", "-q:a", "3")
    tools.run(tools.FFMPEG + ["-i", suite.path(file), "-c", "copy", suite.temp("packets.ogg")])
    decoded, theirs = libvorbis(suite.temp("packets.ogg")), tools.by_ffmpeg(suite.path(file))
    n = min(len(decoded), len(theirs))
    suite.same(file, np.asarray(decoded[:n]), theirs[:n])
    longest = decoded if len(decoded) >= len(theirs) else theirs
    suite.row(
        file,
        container,
        "vorbis",
        44100,
        longest[: len(x)] if len(longest) > len(x) else longest,
        others=[y for y in (decoded, theirs) if len(y) != len(x)],
    )
