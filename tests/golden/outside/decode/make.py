#!/usr/bin/env python3
"""Makes the decoder goldens again: `python make.py [FAMILY...]` (see README.md). All families, or only those named."""

import datetime
import importlib
import os
import subprocess
import sys
import tempfile

import numpy

from suite import Suite

FAMILIES = ["pcm", "lossless", "mpeg", "vorbis", "opus", "aac", "matroska", "refused"]


def first_line(*command):
    """First line a program says about itself."""
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return next((line for line in lines if any(c.isdigit() for c in line)), "not installed")


def versions():
    """Name and version of every program used."""
    asked = {
        "ffmpeg": ["-version"],
        "sox": ["--version"],
        "lame": ["--version"],
        "flac": ["--version"],
        "oggenc": ["--version"],
        "oggdec": ["--version"],
        "opusenc": ["--version"],
        "opusdec": ["--version"],
        "mpg123": ["--version"],
        "wavpack": ["--version"],
        "wvunpack": ["--version"],
        "twolame": ["--help"],
    }
    lines = [f"{name}\t{first_line(name, *words)}" for name, words in asked.items()]
    packages = subprocess.run(
        [
            "dpkg-query",
            "-W",
            "-f=${Package}\t${Version}\n",
            "libvorbis0a",
            "libvorbisenc2",
            "libopus0",
            "libmp3lame0",
            "libtwolame0",
            "libavcodec59",
        ],
        capture_output=True,
        text=True,
    )
    return [f"numpy\t{numpy.__version__}", f"python\t{sys.version.split()[0]}", *lines, *packages.stdout.splitlines()]


def main():
    """Makes what is asked for."""
    here = os.path.dirname(os.path.abspath(__file__))
    asked = sys.argv[1:]
    folder = here if not asked else tempfile.mkdtemp(prefix="decode-goldens-")
    with tempfile.TemporaryDirectory() as scratch:
        suite = Suite(folder, scratch)
        for family in asked or FAMILIES:
            importlib.import_module(f"rows_{family}").rows(suite)
        suite.finish()
    with open(os.path.join(folder, "versions.txt"), "w") as f:
        f.write("\n".join([f"date\t{datetime.date.today()}", *versions()]) + "\n")
    with open(os.path.join(folder, "disagreements.txt"), "w") as f:
        f.write("".join(line + "\n" for line in suite.disagreements))
    print(f"{len(suite.rows)} rows in {folder}")
    print("\n".join(suite.disagreements))


main()
