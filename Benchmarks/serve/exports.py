"""Datagrams of NetFlow v9 and IPFIX, made here so that nothing of Skein's checks itself."""
import random
import struct
import time

# Number and octets of elements that v9 and IPFIX share; times differ.
FIELDS = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (5, 1), (6, 1), (1, 8), (2, 8), (10, 4), (14, 4), (16, 4),
          (17, 4), (15, 4), (9, 1), (13, 1), (61, 1), (60, 1)]
TIMES = {9: [(22, 4), (21, 4)], 10: [(152, 8), (153, 8)]}


class Exporter:
    """One observation domain of one sender; every template has its fields in another order."""

    def __init__(self, source, domain, version, templates, seed, fields=None):
        self.source, self.domain, self.version = source, domain, version
        self.number = self.sequence = 0
        self.begun = int(time.time()) - 3600
        chance, values = random.Random(seed), random.Random(repr((source, domain)))
        kinds = FIELDS[:fields] + TIMES[version]
        self.definitions, self.records = {}, []
        now = int(time.time() * 1000)
        for number in range(256, 256 + templates):
            chance.shuffle(kinds)
            self.definitions[number] = struct.pack(">HH", number, len(kinds)) + b"".join(
                struct.pack(">HH", *kind) for kind in kinds)
            record = b"".join(self.value(kind, values, now) for kind in kinds)
            self.records.append(struct.pack(">HH", number, 4 + len(record)) + record)

    @staticmethod
    def value(kind, chance, now):
        number, octets = kind
        if number in (152, 153):
            return struct.pack(">Q", now)
        if number in (21, 22):
            return struct.pack(">I", 3_599_000)
        if number == 60:
            return b"\x04"
        if number in (8, 12):
            return struct.pack(">I", 0x0A000000 | chance.getrandbits(16))
        return chance.randrange(1, 200).to_bytes(octets, "big")

    def message(self, sets, records):
        """A datagram of sets that have so many data records."""
        body = b"".join(sets)
        if self.version == 9:
            header = struct.pack(">HHIIII", 9, len(sets), 3_600_000, self.begun + 3600, self.sequence, self.domain)
            self.sequence += 1
        else:
            header = struct.pack(">HHIII", 10, 16 + len(body), self.begun + 3600, self.sequence, self.domain)
            self.sequence += records
        return header + body

    def templates(self, numbers=None):
        """A datagram of templates."""
        definitions = b"".join(
            self.definitions[number] for number in (numbers or self.definitions))
        kind = 0 if self.version == 9 else 2
        return self.message([struct.pack(">HH", kind, 4 + len(definitions)) + definitions], 0)

    def data(self, count=None):
        """A datagram of a record of each template."""
        records = self.records[:count]
        return self.message(records, len(records))
