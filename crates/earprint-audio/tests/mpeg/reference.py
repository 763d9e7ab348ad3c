"""Decodes files with mpg123 and with FFmpeg; prints name, rate, channels, frames as mpg123 tells them, the largest
difference between both in steps of 16 bits, and 48 samples (channels alternate) evenly spaced, times 32,768.
mpg123 -e f32 writes float samples. Usage: reference.py FILES"""

import array
import subprocess
import sys


def run(*command):
    return subprocess.run(command, capture_output=True, check=True).stdout


print("# name rate_hz channels frames ffmpeg_frames ffmpeg_difference samples...")
for name in sys.argv[1:]:
    _, b, c, d = open(name, "rb").read(4)  # the files begin with a frame
    rate = (44100, 48000, 32000)[c >> 2 & 3] >> {3: 0, 2: 1, 0: 2}[b >> 3 & 3]
    channels = 1 if d >> 6 == 3 else 2
    ours = array.array("f", run("mpg123", "-q", "-e", "f32", "-s", name))
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-i", name, "-f", "f32le", "-"]
    # Free format is none of FFmpeg's.
    theirs = array.array("f", subprocess.run(command, capture_output=True).stdout if "free" not in name else b"")
    differences = [abs(a - b) * 32768 for a, b in zip(ours, theirs)]
    step = (len(ours) // channels) // 48
    picked = [ours[n * step * channels + n % channels] * 32768 for n in range(48)]
    frames = [len(samples) // channels for samples in (ours, theirs)]
    print(name, rate, channels, *frames, f"{max(differences, default=-1):.3f}", *(f"{x:.2f}" for x in picked))
