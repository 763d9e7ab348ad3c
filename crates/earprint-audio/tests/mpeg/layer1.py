"""Writes an MPEG-1 layer 1 stream of random subband samples: 32 kHz, mono, 128 kbit/s, 12 frames (ISO/IEC 11172-3
§2.4.1.5). No encoder is at hand, and any values within their ranges are a valid stream. Usage: layer1.py OUT"""

import random
import sys

random.seed(11)
out = bytearray()
for _ in range(12):
    bits = "".join(format(byte, "08b") for byte in (0xFF, 0xFF, 0x48, 0xC0))  # 128 kbit/s is index 4, 32 kHz is 2
    subbands = 9
    bits += "".join(format(3 if n < subbands else 0, "04b") for n in range(32))  # 3: four bits a sample
    bits += "".join(format(random.randrange(12, 40), "06b") for _ in range(subbands))
    bits += "".join(format(random.randrange(15), "04b") for _ in range(12 * subbands))  # 15 is not allowed
    bits = bits.ljust(192 * 8, "0")
    out += bytes(int(bits[n : n + 8], 2) for n in range(0, len(bits), 8))
open(sys.argv[1], "wb").write(out)
