"""What the loads have in common: programs, ports, the sender, and `skein serve` as they watch it."""
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SKEIN = os.environ.get("SKEIN", os.path.join(ROOT, ".build/release/skein"))


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def waiting(port):
    """Octets in the socket's buffer and datagrams dropped; None while nobody listens."""
    address = "0100007F:%04X" % port
    with open("/proc/net/udp") as table:
        for words in map(str.split, table):
            if len(words) > 4 and words[1] == address:
                return int(words[4].split(":")[1], 16), int(words[-1])
    return None


def until(what, holds, seconds=120):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            sys.exit("%s did not happen" % what)
        time.sleep(0.01)


def build_sender(folder):
    """Compiles send.c; answers where it is."""
    sender = os.path.join(folder, "send")
    compiler = next(filter(shutil.which, ["cc", "clang", "gcc"]))
    subprocess.run([compiler, "-O2", "-o", sender, os.path.join(HERE, "send.c")], check=True)
    return sender


def send(sender, capture, port, rate, rounds=1):
    """Sends a capture, and answers what the sender says of it."""
    return json.loads(subprocess.run(
        [sender, capture, str(port), str(rate), str(rounds)],
        check=True, capture_output=True, text=True).stdout)


def skein(*words):
    return subprocess.run([SKEIN, *words], check=True, capture_output=True, text=True).stdout


def total(store, *words):
    """The row of `skein query --total`."""
    return json.loads(skein("query", "--total", "--raw", "--output", "ndjson", "--store", store, *words))


def flows_of(store):
    return total(store)["flows"]


class Capture:
    """A pcap of UDP datagrams that send.c reads: 127.x.y.z as the source is kept."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))

    def add(self, source, payload):
        """`source` is the sender's address, four octets."""
        length = len(payload)
        packet = (bytes(12) + b"\x08\x00"
                  + struct.pack(">BBHHHBBH", 0x45, 0, length + 28, 0, 0, 64, 17, 0) + source + b"\x7f\0\0\1"
                  + struct.pack(">HHHH", 4739, 4739, length + 8, 0))
        self.file.write(struct.pack("<IIII", int(time.time()), 0, len(packet) + length, len(packet) + length))
        self.file.write(packet)
        self.file.write(payload)

    def close(self):
        self.file.close()


class Server:
    """`skein serve` on ports of its own."""

    def __init__(self, folder, *options, buffer=64 << 20, streams=False, page=None):
        self.store = os.path.join(folder, "store")
        self.log = os.path.join(folder, "log")
        self.port, self.page = free_port(), page or free_port(socket.SOCK_STREAM)
        self.stream = free_port(socket.SOCK_STREAM) if streams else None
        listen = ["--listen", "udp://127.0.0.1:%d" % self.port]
        if streams:
            listen += ["--listen", "tcp://127.0.0.1:%d" % self.stream]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [SKEIN, "serve", "--store", self.store, *listen, "--receive-buffer", str(buffer), "--set",
                 "http.listen=127.0.0.1:%d" % self.page, *options],
                stdout=log, stderr=log)
        try:
            until("getting ready", lambda: self.process.poll() is not None or "ready; storing" in self.words())
            if self.process.poll() is not None:
                sys.exit(self.words())
        except BaseException:
            self.process.kill()
            raise

    def words(self):
        with open(self.log) as log:
            return log.read()

    def ask(self, path):
        """What the page answers, as text."""
        with socket.create_connection(("127.0.0.1", self.page), timeout=30) as connection:
            connection.sendall(("GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n"
                                % (path, self.page)).encode())
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            sys.exit("%s: %s" % (path, answer[:500].decode()))
        return body.decode()

    def counters(self):
        """Each counter by name and labels, `skein_flows_total{}`, with the sums of histograms."""
        counters = {}
        for family in json.loads(self.ask("/api/v1/counters"))["metrics"]:
            for sample in family["samples"]:
                labels = ",".join("%s=%s" % pair for pair in sorted(sample["labels"].items()))
                counters["%s{%s}" % (family["name"], labels)] = sample["value"]
            if "histogram" in family:
                counters[family["name"]] = family["histogram"]
        return counters

    def status(self, key):
        """A number of /proc/PID/status: VmRSS, VmHWM; MB."""
        with open("/proc/%d/status" % self.process.pid) as lines:
            for line in lines:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) / 1024
        sys.exit("no %s" % key)

    def cpu(self):
        """User and system seconds so far."""
        with open("/proc/%d/stat" % self.process.pid) as line:
            words = line.read().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def drain(self):
        """Waits until the socket is read."""
        until("reading", lambda: waiting(self.port)[0] == 0)

    def dropped(self):
        return waiting(self.port)[1]

    def end(self):
        """Ends it with SIGTERM; answers its resources."""
        self.process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = status
        if status:
            sys.exit("skein serve failed: %s" % self.words())
        return usage

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()


class Checks:
    """Answers held against what they must be; all are said, and one that is wrong fails in the end."""

    def __init__(self):
        self.failed = False

    def equal(self, what, found, wanted):
        self.note(found == wanted, "%s: %s" % (what, found), "not %s" % (wanted,))

    def at_most(self, what, found, limit, unit=""):
        self.note(found <= limit, "%s: %.4g%s" % (what, found, unit), "more than %.4g%s" % (limit, unit))

    def at_least(self, what, found, limit, unit=""):
        self.note(found >= limit, "%s: %.4g%s" % (what, found, unit), "less than %.4g%s" % (limit, unit))

    def note(self, holds, text, wrong):
        print(text if holds else "WRONG  %s, %s" % (text, wrong), flush=True)
        self.failed = self.failed or not holds

    def end(self):
        if self.failed:
            sys.exit("not as it must be")
