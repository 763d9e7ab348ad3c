"""Running encoders and reference decoders, and reading what they write."""

import ctypes
import os
import struct
import subprocess
import tempfile

import numpy as np

FFMPEG = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y"]
LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


def run(command, stdin=None):
    """Output of a program; its errors stop the script."""
    done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}\n{done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def packed(ints, bits, little=True, unsigned8=True):
    """Integers `(frames, channels)` as interleaved PCM bytes."""
    ints = np.asarray(ints, dtype=np.int64)
    if bits == 8:
        return (ints + 128).astype(np.uint8).tobytes() if unsigned8 else ints.astype(np.int8).tobytes()
    width = bits // 8
    raw = ints.astype("<i8").reshape(-1, 1).view(np.uint8)[:, :width]
    return (raw if little else raw[:, ::-1]).tobytes()


def chunk(name, body):
    """A RIFF chunk with its pad byte."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks):
    """A WAVE file of ready chunks."""
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav_fmt(tag, channels, rate, bits):
    """A plain `fmt ` chunk."""
    frame = channels * bits // 8
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits))


def wav(x, rate, bits=16):
    """A plain WAV file of integers `(frames, channels)`."""
    return riff(wav_fmt(1, x.shape[1], rate, bits), chunk(b"data", packed(x, bits)))


def source(path, x, rate, bits=16):
    """Writes the input of an encoder; returns its path."""
    with open(path, "wb") as f:
        f.write(wav(x, rate, bits))
    return path


def encode(out, x, rate, *args, bits=16, layout=None):
    """FFmpeg from integers `(frames, channels)` to a file, without tags that change between runs."""
    channels = x.shape[1]
    raw = [
        "-f",
        f"s{bits}le" if bits > 8 else "u8",
        "-ar",
        rate,
        "-ac",
        channels,
        "-channel_layout",
        layout or LAYOUTS[channels],
        "-i",
        "pipe:0",
    ]
    run(FFMPEG + raw + ["-fflags", "+bitexact", "-flags:a", "+bitexact", *args, out], packed(x, bits))


def channels_of(path):
    """Channels of the first audio stream, by ffprobe."""
    text = run(
        ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_entries", "stream=channels", "-of", "csv=p=0", path]
    )
    return int(text.decode().split()[0].strip(","))


def rate_of(path):
    """Sample rate of the first audio stream, by ffprobe."""
    text = run(
        [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "a:0",
            "-show_entries",
            "stream=sample_rate",
            "-of",
            "csv=p=0",
            path,
        ]
    )
    return int(text.decode().split()[0].strip(","))


def by_ffmpeg(path, decoder=None, before=()):
    """Floats `(frames, channels)`, decoded by FFmpeg."""
    channels = channels_of(path)
    named = ["-c:a", decoder] if decoder else []
    raw = run(FFMPEG + [*before, *named, "-i", path, "-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le", "pipe:1"])
    return np.frombuffer(raw, dtype="<f4").reshape(-1, channels)


def read_wav(data):
    """Floats `(frames, channels)` and rate of a plain WAV file, whose sizes may be unfilled."""
    at, channels, bits, rate, tag = 12, 0, 0, 0, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", body[:16])
            if tag == 0xFFFE:
                tag = struct.unpack("<H", body[24:26])[0]
        if name == b"data":
            body = body[: len(body) // (channels * bits // 8) * (channels * bits // 8)]
            if tag == 3:
                return np.frombuffer(body, dtype="<f4").reshape(-1, channels), rate
            return np.frombuffer(body, dtype="<i2").reshape(-1, channels).astype(np.float32) / 32768, rate
        at += 8 + size + size % 2
    raise RuntimeError("no data chunk")


class OvCallbacks(ctypes.Structure):
    """`ov_callbacks`: read, seek, close, tell."""

    READ = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
    _fields_ = [("read", READ), ("seek", ctypes.c_void_p), ("close", ctypes.c_void_p), ("tell", ctypes.c_void_p)]


def by_libvorbis(path):
    """Floats of libvorbis as `ov_read_float` gives them: one array `(frames, channels)` a link, in the order of Vorbis.
    Read as a stream: with seeking, libvorbisfile 1.3.7 overlooks the first of two links of a few kilobytes."""
    lib = ctypes.CDLL("libvorbisfile.so.3")
    lib.ov_read_float.restype = ctypes.c_long
    lib.ov_info.restype = ctypes.c_void_p
    with open(path, "rb") as f:

        def read(into, size, count, _):
            data = f.read(size * count)
            ctypes.memmove(into, data, len(data))
            return len(data)

        calls = OvCallbacks(OvCallbacks.READ(read), None, None, None)
        file = ctypes.create_string_buffer(4096)
        lib.ov_open_callbacks.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, OvCallbacks]
        if lib.ov_open_callbacks(1, file, None, 0, calls) != 0:
            raise RuntimeError(f"libvorbisfile cannot open {path}")
        planes, link, links, last = ctypes.POINTER(ctypes.POINTER(ctypes.c_float))(), ctypes.c_int(-1), [], -1
        while True:
            n = lib.ov_read_float(file, ctypes.byref(planes), 4096, ctypes.byref(link))
            if n == 0:
                break
            if n < 0:
                continue
            if link.value != last:
                last = link.value
                links.append([])
            channels = ctypes.cast(lib.ov_info(file, -1), ctypes.POINTER(ctypes.c_int))[1]
            links[-1].append(np.stack([np.ctypeslib.as_array(planes[c], (n,)).copy() for c in range(channels)], axis=1))
        lib.ov_clear(file)
    return [np.concatenate(blocks) for blocks in links]


def by_opusdec(path, scratch):
    """Float samples of libopus at 48 kHz."""
    out = os.path.join(scratch, "opusdec.wav")
    run(["opusdec", "--quiet", "--force-wav", "--float", "--no-dither", "--rate", "48000", path, out])
    with open(out, "rb") as f:
        return read_wav(f.read())[0]


def by_mpg123(path, *args):
    """Float samples of mpg123, gapless as it is by default."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "mpg123.wav")
        run(["mpg123", "-q", "-e", "f32", *args, "-w", out, path])
        with open(out, "rb") as f:
            return read_wav(f.read())[0]


def flac_bytes(i16):
    """Compresses 16-bit samples `(frames, channels)`; the rate in the file means nothing."""
    return run(
        [
            "flac",
            "-8",
            "--silent",
            "--no-padding",
            "--no-seektable",
            "--force-raw-format",
            "--endian=little",
            "--sign=signed",
            f"--channels={i16.shape[1]}",
            "--bps=16",
            "--sample-rate=48000",
            "--stdout",
            "-",
        ],
        i16.astype("<i2").tobytes(),
    )


OGG_CRC = []
for _i in range(256):
    _c = _i << 24
    for _ in range(8):
        _c = ((_c << 1) ^ 0x04C11DB7 if _c & 0x80000000 else _c << 1) & 0xFFFFFFFF
    OGG_CRC.append(_c)


def ogg_pages(data):
    """Pages of an Ogg file as bytearrays."""
    at, pages = 0, []
    while at < len(data):
        assert data[at : at + 4] == b"OggS"
        n = data[at + 26]
        end = at + 27 + n + sum(data[at + 27 : at + 27 + n])
        pages.append(bytearray(data[at:end]))
        at = end
    return pages


def ogg_file(pages):
    """Bytes of pages, with their checksums computed again."""
    for page in pages:
        page[22:26] = b"\0\0\0\0"
        crc = 0
        for byte in page:
            crc = ((crc << 8) & 0xFFFFFFFF) ^ OGG_CRC[(crc >> 24) ^ byte]
        page[22:26] = struct.pack("<I", crc)
    return b"".join(bytes(page) for page in pages)


def granule(page):
    """Granule position of a page."""
    return struct.unpack("<q", page[6:14])[0]


def set_granule(page, value):
    """Writes a granule position; the checksum is computed by `ogg_file`."""
    page[6:14] = struct.pack("<q", value)
