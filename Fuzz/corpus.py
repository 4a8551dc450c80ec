#!/usr/bin/env python3
"""corpus.py ROOT OUT: first inputs for the fuzzers, from captures beside the checkout and from here.

FuzzCaptures takes the capture files as they are (small ones), FuzzExports their UDP payloads, each
after its length in two octets, FuzzFilters the words of the filter documentation.
"""
import glob
import os
import re
import struct
import sys

root, out = sys.argv[1:3]


def put(fuzzer, name, data):
    folder = os.path.join(out, fuzzer)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def payloads(capture):
    """UDP payloads of an Ethernet/IPv4 or IPv6 little-endian pcap; others give nothing."""
    if capture[:4] != b"\xd4\xc3\xb2\xa1" or len(capture) < 24:
        return
    at = 24
    while at + 16 <= len(capture):
        size = struct.unpack_from("<I", capture, at + 8)[0]
        frame, at = capture[at + 16:at + 16 + size], at + 16 + size
        kind = frame[12:14]
        if kind == b"\x08\x00" and len(frame) > 34 and frame[23] == 17:
            yield frame[14 + (frame[14] & 15) * 4 + 8:]
        elif kind == b"\x86\xdd" and len(frame) > 62 and frame[20] == 17:
            yield frame[62:]


captures = os.path.join(os.path.dirname(os.path.abspath(root)), "shared", "captures")
for path in sorted(glob.glob(os.path.join(captures, "*", "*.pcap*"))):
    data = open(path, "rb").read()
    name = os.path.basename(path)
    if len(data) <= 60000:
        put("FuzzCaptures", name, data)
    datagrams = list(payloads(data))[:12]
    put("FuzzExports", name, b"".join(struct.pack(">H", len(d)) + d for d in datagrams))

put("FuzzExports", "empty-v5", struct.pack(">H", 24) + b"\x00\x05" + bytes(22))
put("FuzzCaptures", "empty-pcap", struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))

documentation = os.path.join(root, "docs", "filter.md")
words = re.findall(r"`([^`\n]+)`", open(documentation).read()) if os.path.exists(documentation) else []
for number, word in enumerate(words or ["any", "src ip 10.0.0.1 and not port in [80 443]"]):
    put("FuzzFilters", "%04d" % number, word.encode())
