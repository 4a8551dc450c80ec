"""What a page is told to be missing of what arrives, it shows: a stand-in for the stream says that there is something.

It hands on what the server streams, and puts counts of its own into the status (docs/swarm.md, record 4). That the
server counts rightly is checked by Benchmarks/serve/live and LiveProgramTests.
"""
import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from swarm_hands import FEW, SMALL, SWARM


def varint(number):
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(octets) + bytes([number])


def varints(octets):
    numbers, shift, number = [], 0, 0
    for octet in octets:
        number |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            numbers, shift, number = numbers + [number], 0, 0
    return numbers


class StandIn(ThreadingHTTPServer):
    """The stream of a server, with other counts of what is missing; `cut` breaks it off."""
    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), Relay)
        self.port, self.dropped, self.skipped, self.cut = port, 0, 0, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Relay(BaseHTTPRequestHandler):
    def do_GET(self):
        stand_in = self.server
        source = http.client.HTTPConnection("127.0.0.1", stand_in.port, timeout=30)
        source.request("GET", self.path)
        answer = source.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/octet-stream")
        self.end_headers()
        try:
            self.wfile.write(answer.read(5))
            while not stand_in.cut.is_set():
                head = answer.read(5)
                payload = answer.read(int.from_bytes(head[1:], "little"))
                if head[:1] == b"\4":
                    clock, _, _, viewers = varints(payload)
                    payload = b"".join(map(varint, (clock, stand_in.dropped, stand_in.skipped, viewers)))
                self.wfile.write(head[:1] + len(payload).to_bytes(4, "little") + payload)
                self.wfile.flush()
        except OSError:
            pass
        finally:
            stand_in.cut.clear()
            source.close()

    def log_message(self, *_):
        pass


def run(browser, base, server):
    stand_in = StandIn(server.page)
    page = browser.page(viewport=SMALL)
    page.route("**/api/v1/swarm/live*", lambda route: route.continue_(
        url=route.request.url.replace(":%d/" % server.page, ":%d/" % stand_in.server_port)))
    page.goto("%s/swarm?filter=%s&live=1" % (base, FEW))
    delay = page.locator(".swarm-delay")

    def expect(holds, text):
        if not holds:
            browser.problems.append("drops: %s: %s" % (text, delay.text_content()))

    def wait(dropped, skipped):
        page.wait_for_function("([dropped, skipped]) => { const live = %s?.live(); return live?.isConnected && live.dropped === dropped && live.skipped === skipped; }"
                               % SWARM.replace(").swarm", ")?.swarm"), arg=[dropped, skipped], timeout=30000)
        page.wait_for_function("() => document.querySelector('.swarm-delay').textContent")

    wait(0, 0)
    expect("dropped" not in delay.text_content() and "warn" not in delay.get_attribute("class"), "nothing is missing, and it says")
    stand_in.dropped = 1_234_567
    wait(1_234_567, 0)
    page.wait_for_function("() => document.querySelector('.swarm-delay').textContent.includes('dropped')", timeout=5000)
    expect("dropped: 1\u202f234\u202f567 flows" in delay.text_content() and "skipped" not in delay.text_content(), "1,234,567 flows are dropped, and it says")
    expect("warn" in delay.get_attribute("class") and delay.is_visible(), "what is dropped is not conspicuous")
    expect("1\u202f234\u202f567" in page.locator("#said").text_content(), "who does not see is not told of drops")
    stand_in.skipped = 3
    wait(1_234_567, 3)
    page.wait_for_function("() => document.querySelector('.swarm-delay').textContent.includes('skipped: 3 steps')", timeout=5000)
    # What the connection before did not get is missing still, and the next one counts from nought.
    stand_in.cut.set()
    wait(1_234_567, 6)
    page.wait_for_function("() => document.querySelector('.swarm-delay').textContent.includes('skipped: 6 steps')", timeout=5000)
    page.context.close()
    stand_in.shutdown()
    stand_in.server_close()
    return "drops told"
