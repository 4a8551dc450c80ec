#!/usr/bin/env python3
"""corpus.py ROOT OUT: first inputs for the fuzzers, from captures beside the checkout and from here.

FuzzCaptures takes the capture files as they are (small ones), FuzzExports their UDP payloads, each
after its length in two octets, FuzzFiles what Debian's nfdump makes of the captures, compressed in every
way it knows, FuzzFilters the words of the filter documentation.
"""
import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

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

def flow_files(capture):
    """The files that nfpcapd keeps of a capture, and the same compressed by nfdump."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(["nfpcapd", "-r", capture, "-w", folder, "-o", "fat", "-t", "86400"], **quiet)
        for made in sorted(glob.glob(os.path.join(folder, "nfcapd.[12]*")))[:1]:
            yield "plain", open(made, "rb").read()
            for name, option in [("lzo", "-z"), ("lz4", "-y"), ("bz2", "-j")]:
                target = os.path.join(folder, name)
                subprocess.run(["nfdump", "-r", made, "-w", target, option], **quiet)
                if os.path.exists(target):
                    yield name, open(target, "rb").read()


if shutil.which("nfpcapd"):
    for path in sorted(glob.glob(os.path.join(captures, "pcap", "*.pcap"))):
        for name, data in flow_files(path):
            if len(data) <= 60000:
                put("FuzzFiles", os.path.basename(path) + "." + name, data)

# Layout 1 with a map of AS numbers and one flow; flow-tools with one flow of v5; CSV.
flow = struct.pack("<BBHHHIIBBBBHHHH4I2H", 0, 9, 1, 0, 0, 1, 2, 0, 0, 6, 0, 80, 443, 0, 0, 1, 2, 3, 4, 5, 6)
records = struct.pack("<6H", 2, 12, 1, 4, 6, 0) + struct.pack("<HH", 10, 4 + len(flow)) + flow
put("FuzzFiles", "layout1", struct.pack("<HHII128s136s", 0xA50C, 1, 0, 1, b"old", b"")
    + struct.pack("<IIHH", 2, len(records), 2, 0) + records)
tlvs = struct.pack("<HHHHHI", 2, 2, 5, 8, 4, 1)
put("FuzzFiles", "flow-tools", b"\xcf\x10\x01\x03" + struct.pack("<I", 8 + len(tlvs)) + tlvs + bytes(64))
put("FuzzFiles", "csv", b'start,srcip,"dstip",dp,pr,flg,mpls1,ismc\n2019-07-11 10:30:00.236,192.0.2.1,::1,8.0,1,'
    b"...AP.SF,1-2-1,02:00:00:00:00:01\n1562841000,10.0.0.1,,,6,0x12,,\n")

documentation = os.path.join(root, "docs", "filter.md")
words = re.findall(r"`([^`\n]+)`", open(documentation).read()) if os.path.exists(documentation) else []
for number, word in enumerate(words or ["any", "src ip 10.0.0.1 and not port in [80 443]"]):
    put("FuzzFilters", "%04d" % number, word.encode())

# An answer that lists, one that does not, and what BIND says of either.
question = b"\x012\x010\x010\x03127\x02bl\x04test\x00\x00\x01\x00\x01"
head = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0) + question
put("FuzzAnswers", "listed", b"\x00" + head + b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\x7f\x00\x00\x02")
soa = b"\xc0\x1a\x00\x06\x00\x01\x00\x00\x0e\x10\x00\x16\x00\x00" + struct.pack(">IIIII", 1, 2, 3, 4, 5)
put("FuzzAnswers", "none", b"\x00" + struct.pack(">HHHHHH", 7, 0x8183, 1, 0, 1, 0) + question + soa)
for number, rest in enumerate((
        "QNAME NXDOMAIN rewrite a.example/A/IN via a.example.rpz.test",
        "IP NODATA rewrite a.example/AAAA/IN via 48.zz.bad.db8.2001.rpz-ip.rpz.test",
        "NSDNAME CNAME rewrite a.example/A/IN via ns.b.example.rpz-nsdname.rpz.test (CNAME to: c.example)",
        "CLIENT-IP DROP rewrite a.example/A/IN via 24.0.2.0.192.rpz-client-ip.rpz.test")):
    put("FuzzAnswers", "log-%d" % number,
        ("\x0122-Nov-2026 18:43:12.584 rpz: info: client @0x7f 192.0.2.7#5/key k (a.example): view v: rpz "
         + rest).encode())
