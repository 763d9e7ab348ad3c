#!/usr/bin/env python3
"""Real files beside FFmpeg and libvorbis: `python real.py [--limit N] [--no-loudness] DECODER FOLDER...`

DECODER is the built example `decode_raw`. A folder holds one unpacked package each, of which up to N sound files are taken
(default 24), evenly from their sorted list. A row a file: frames, samples (16-bit LSB), loudness (LU). `cargo xtask decode-real`
fetches the packages of packages.txt and runs this.
"""

import json
import os
import re
import sys
import tempfile

import numpy as np

import tools

EXTENSIONS = (
    ".ogg",
    ".oga",
    ".opus",
    ".mp3",
    ".wav",
    ".flac",
    ".m4a",
    ".aac",
    ".aif",
    ".aiff",
    ".au",
    ".mp2",
    ".ogv",
    ".webm",
    ".mka",
    ".wv",
    ".mp4",
    ".ogx",
)


def sounds(folder, limit):
    """Sound files of a folder, links not followed."""
    found = []
    for base, _, names in os.walk(folder):
        found += [os.path.join(base, n) for n in names if n.lower().endswith(EXTENSIONS)]
    found = sorted(p for p in found if not os.path.islink(p) and os.path.getsize(p) > 0)
    return [found[i * len(found) // limit] for i in range(limit)] if len(found) > limit else found


def ours(decoder, path, out):
    """What earprint says, and its samples."""
    said = json.loads(tools.run([decoder, "-o", out, path]).decode().splitlines()[-1])
    if "code" in said:
        return said, None
    return said, np.fromfile(out, dtype="<f4").reshape(-1, said["channels"])


def codec_of(path):
    """Codec of the first audio stream, by ffprobe; None where there is none."""
    try:
        text = (
            tools.run(
                [
                    "ffprobe",
                    "-v",
                    "error",
                    "-select_streams",
                    "a:0",
                    "-show_entries",
                    "stream=codec_name",
                    "-of",
                    "csv=p=0",
                    path,
                ]
            )
            .decode()
            .split()
        )
    except RuntimeError:
        return None
    return text[0].strip(",") if text else None


def far(a, b):
    """Largest difference in 16-bit LSB over the frames both have; samples beyond full scale clip."""
    n, most = min(len(a), len(b)), 0.0
    for at in range(0, n, 1 << 20):
        x, y = (np.clip(z[at : min(n, at + (1 << 20))], -1, 1) for z in (a, b))
        most = max(most, float(np.max(np.abs(x - y))) * 32768)
    return most if n else float("inf")


def shifted(a, b):
    """The shift of few candidates at which two recordings are equal: (shift, LSB); positive: `b` has more in front."""
    best = (0, far(a, b))
    for s in {len(b) - len(a), 128, -128, 576, 1105, -1105, 1024, -1024, 1152, 529} - {0}:
        x, y = (a, b[s:]) if s > 0 else (a[-s:], b)
        if best[1] > 1 and len(x) and len(y) and (d := far(x, y)) < best[1]:
            best = (s, d)
    return best


def loudness(args):
    """Integrated loudness by FFmpeg's ebur128, LUFS."""
    import subprocess

    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-hide_banner", *map(str, args), "-map", "0:a:0", "-af", "ebur128", "-f", "null", "-"],
        capture_output=True,
    )
    found = re.findall(r"I:\s+(-?[\d.]+|-?inf|nan) LUFS", done.stderr.decode(errors="replace"))
    return float(found[-1]) if found else float("nan")


def judge(codec, said, a, path):
    """(verdict, frames of the reference, LSB, words) of a decoded file."""
    if codec == "opus" and path.lower().endswith((".opus", ".ogg", ".oga")):
        # FFmpeg takes 16 bits from libopus, which bends what is above full scale.
        with tempfile.TemporaryDirectory() as scratch:
            b = tools.by_opusdec(path, scratch)
    else:
        b = tools.by_ffmpeg(path, {"opus": "libopus", "mp2": "mp2float"}.get(codec))
    if a.shape[1] != b.shape[1]:
        return "WRONG", len(b), float("inf"), f"{a.shape[1]} channels, FFmpeg {b.shape[1]}"
    lsb = far(a, b)
    if len(a) == len(b) and lsb <= 1:
        return "equal", len(b), lsb, ""
    if codec == "vorbis" and path.lower().endswith((".ogg", ".oga")):
        from rows_vorbis import libvorbis

        v = libvorbis(path)
        if len(a) == len(v):
            if (exact := far(a, v)) <= 1:
                return "equal", len(v), exact, f"libvorbis; FFmpeg has {len(b) - len(a):+d} frames"
            shift, lsb = shifted(a, b)
            if lsb <= 1:
                return (
                    "equal",
                    len(v),
                    lsb,
                    f"length of libvorbis; FFmpeg's samples {shift} later (first page's surplus)",
                )
        return "WRONG", len(v), far(a, v), f"libvorbis {len(v)} frames, FFmpeg {len(b)}, ours {len(a)}"
    shift, moved = shifted(a, b)
    words = f"ours {len(a) - len(b):+d} frames" + (
        f", after a shift of {shift} within {moved:.2f} LSB" if moved <= 1 else ""
    )
    if codec.startswith("adpcm") and 0 < len(b) - len(a) < 2048 and far(a, b) <= 1:
        return "explained", len(b), lsb, words + ": the fact chunk tells the length, FFmpeg gives the whole last block"
    if codec in ("adpcm_ima_wav",) and len(a) == len(b) and lsb < 100:
        return "explained", len(b), lsb, "FFmpeg multiplies in IMA ADPCM"
    if codec == "aac" and moved <= 1 and 0 < len(b) - len(a) < 2048:
        return "explained", len(b), moved, words + ": FFmpeg leaves the last packet whole"
    return "WRONG", len(b), lsb, words


def main():
    """Prints a row a file and the sums."""
    args = sys.argv[1:]
    limit, with_loudness = 24, "--no-loudness" not in args
    args = [x for x in args if x != "--no-loudness"]
    if args[0] == "--limit":
        limit, args = int(args[1]), args[2:]
    decoder, folders = args[0], args[1:]
    counts, files, packages, worst_lu = {}, 0, set(), 0.0
    print("verdict\tpackage\tfile\tcodec\trate\tchannels\tframes\treference\tLSB16\tLU\twords")
    with tempfile.TemporaryDirectory() as scratch:
        out = os.path.join(scratch, "ours.f32")
        for folder in folders:
            for path in sounds(folder, limit):
                codec = codec_of(path)
                if codec is None:
                    continue
                said, a = ours(decoder, path, out)
                lu = float("nan")
                if a is None:
                    verdict, frames, lsb, words = said["code"], "-", float("nan"), said["detail"][:100]
                else:
                    verdict, frames, lsb, words = judge(codec, said, a, path)
                    if said["note"]:
                        words += f"; says: {said['note']}"
                        verdict = "told" if verdict == "WRONG" else verdict
                    if with_loudness and verdict != "WRONG":
                        raw = ["-f", "f32le", "-ar", said["rate_hz"], "-ac", said["channels"], "-i", out]
                        lu = loudness(raw) - loudness(["-i", path])
                        if abs(lu) > 0.05:
                            verdict, words = "WRONG", words + "; loudness differs"
                        worst_lu = max(worst_lu, abs(lu) if lu == lu else 0.0)
                files += 1
                packages.add(folder)
                counts.setdefault(codec, {}).setdefault(verdict, 0)
                counts[codec][verdict] += 1
                name = os.path.basename(os.path.normpath(folder))
                print(
                    f"{verdict}\t{name}\t{os.path.basename(path)}\t{codec}\t{said.get('rate_hz', '-')}\t"
                    f"{said.get('channels', '-')}\t{said.get('frames', '-')}\t{frames}\t{lsb:.2f}\t{lu:.2f}\t{words}",
                    flush=True,
                )
    print(f"\n{files} files of {len(packages)} packages; loudness differs by {worst_lu:.2f} LU at most")
    for codec, by in sorted(counts.items()):
        print(f"{codec}: " + ", ".join(f"{verdict} {n}" for verdict, n in sorted(by.items())))
    wrong = sum(n for by in counts.values() for verdict, n in by.items() if verdict == "WRONG")
    sys.exit(1 if wrong else 0)


main()
