"""What earprint does not read: each must end with its error code, never with samples."""

import struct

import tools
from sound import sound, to_ints


def rows(suite):
    """All rows of this file."""
    x = to_ints(sound(44100, 2, 0.1, 95), 16)
    mono = to_ints(sound(8000, 1, 0.2, 96), 16)
    for file, codec, args in (
        ("refused-wma1.wma", "wmav1", ["-c:a", "wmav1", "-f", "asf"]),
        ("refused-wma2.wma", "wmav2", ["-c:a", "wmav2", "-f", "asf"]),
        ("refused-tta.tta", "tta", ["-c:a", "tta"]),
        ("refused-ac3.ac3", "ac3", ["-c:a", "ac3"]),
        ("refused-eac3.eac3", "eac3", ["-c:a", "eac3"]),
        ("refused-dts.dts", "dts", ["-c:a", "dca", "-strict", "-2"]),
        ("refused-ac3.mp4", "ac3", ["-c:a", "ac3"]),
        ("refused-ac3.mkv", "ac3", ["-c:a", "ac3"]),
        ("refused-gsm.wav", "gsm", ["-c:a", "libgsm_ms", "-ar", "8000", "-ac", "1"]),
    ):
        tools.encode(suite.path(file), mono if "gsm" in file else x, 8000 if "gsm" in file else 44100, *args)
        suite.refused(file, codec, codec, "E_UNSUPPORTED")
    tools.encode(suite.path("refused-speex.spx"), mono, 8000, "-c:a", "libspeex")
    suite.refused("refused-speex.spx", "Ogg", "speex", "E_UNSUPPORTED")
    crafted = {
        "refused-midi.mid": (
            "MIDI",
            b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", 4) + b"\0\xff\x2f\0",
        ),
        "refused-ape.ape": ("APE", b"MAC " + struct.pack("<HHIIII", 3990, 0, 52, 24, 0, 44) + b"\0" * 200),
        "refused-musepack.mpc": ("Musepack", b"MPCKSH" + b"\x0f" + b"\0" * 200),
        "refused-dsf.dsf": ("DSD", b"DSD " + struct.pack("<QQQ", 28, 1000, 0) + b"fmt " + b"\0" * 200),
        "refused-dff.dff": ("DSD", b"FRM8" + struct.pack(">Q", 200) + b"DSD " + b"\0" * 200),
        "refused-xm.xm": ("module", b"Extended Module: " + b"\0" * 200),
        "refused-it.it": ("module", b"IMPM" + b"\0" * 200),
        "refused-mod.mod": ("module", (b"\0" * 1080) + b"M.K." + b"\0" * 2048),
    }
    for file, (container, data) in crafted.items():
        suite.write(file, data)
        suite.refused(file, container, container, "E_UNSUPPORTED")
    suite.write(
        "refused-webpage.mp3", b"<!DOCTYPE html>\n<html><head><title>Not found</title></head><body>404</body></html>\n"
    )
    suite.refused("refused-webpage.mp3", "none", "none", "E_NOT_AUDIO", "a web page named .mp3")
    suite.write("refused-text.wav", b"This is plain text and no sound at all.\n" * 5)
    suite.refused("refused-text.wav", "none", "none", "E_NOT_AUDIO", "a text named .wav")
