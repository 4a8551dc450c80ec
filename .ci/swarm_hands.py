"""The page's swarm under the hands of those who use it: pointer, legend, keys, address.

Each check says in a line what is wrong. What the page says is held against the scene that is drawn, and this against
what the program answers. The browser's clock stands where a check asks how time passes: nothing is waited for but
what must come.
"""
import json
import math
import re
import shlex
import time
from urllib.parse import parse_qs, urlsplit

from loopback import skein

SWARM = "document.querySelector('.swarm-stage').swarm"
# Six hours about noon in steps of ten minutes, of few hosts, on a small page: software draws each point.
STEP, HOURS, NOON = 600_000, 6, 43_200_000
SMALL, FEW = {"width": 1000, "height": 600}, "net+10.1.1.96/27"


class Hands:
    def __init__(self, browser, base, first):
        self.browser, self.base, self.problems = browser, base, browser.problems
        self.first = first + NOON - HOURS * 1_800_000
        self.checked = 0

    def expect(self, holds, text, found=""):
        self.checked += 1
        if not holds:
            self.problems.append("hands: %s%s" % (text, ": %s" % (found,) if found != "" else ""))

    def open(self, page, more="", at=NOON):
        """The swarm at a time of the day, all of it there; with `at` None from its beginning, playing."""
        where = "" if at is None else "&at=%d" % (self.first + HOURS * 1_800_000 - NOON + at)
        page.goto("%s/swarm?filter=%s&from=%d&to=%d&step=10m%s%s" % (self.base, FEW, self.first, self.first + HOURS * 3_600_000, where, more))
        page.wait_for_function("() => %s?.isWhole()" % SWARM.replace(").swarm", ")?.swarm"), timeout=60000)
        return page

    def now(self, page):
        return page.evaluate("() => %s.now()" % SWARM)

    def again(self, page):
        page.reload()
        page.wait_for_function("() => %s?.isWhole()" % SWARM.replace(").swarm", ")?.swarm"), timeout=60000)

    def asks(self, page):
        """What stands in the address, each name's value."""
        return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}

    def frame(self, page):
        """What is drawn and what is written over it, at the time that is shown."""
        return page.evaluate("() => %s.frame(%s.now(), 640, 360) + document.querySelector('.swarm-names').toDataURL()" % (SWARM, SWARM))

    def plays(self, page):
        return page.locator(".swarm-play").inner_text() == "Pause"


def numbers(text):
    """The numbers that a text of the page says, with their prefixes: 26.6 MB is 26,600,000."""
    scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
    return [float(number) * scale[prefix] for number, prefix in re.findall(r"([\d.]+)\u202f?([kMG]?)B?", text)]


def says(text, flows, octets):
    """Whether a text begins with so many flows, and somewhere says so many octets, to three digits."""
    found = numbers(text)
    return abs(found[0] - flows) <= flows * 0.006 and any(abs(number - octets) <= octets * 0.006 + 0.5 for number in found[1:])


def pointed(hands, page):
    """Hover, click, follow, and the command of what was clicked."""
    hands.open(page)
    things = page.evaluate("() => %s.things()" % SWARM)
    nodes = {node["slot"]: node for node in things["nodes"]}
    hosts = sorted((node for node in nodes.values() if node["kind"] == "host"), key=lambda node: -node["bytes"])
    # A point of a stream that lies on it and at no node.
    streams = [stream for stream in things["streams"] if stream["source"] != stream["target"] and min(
        math.hypot(stream["x"] - node["x"], stream["y"] - node["y"]) - node["radius"] for node in nodes.values()) > 12]
    stream = max((stream for stream in streams if {nodes[stream["source"]]["kind"], nodes[stream["target"]]["kind"]} == {"host"}
                  and stream["service"] != "others"), key=lambda stream: stream["bytes"])
    host, tip = hosts[0], page.locator(".tip")

    def title(stream, those=tuple(nodes.values())):
        names = {node["slot"]: node["text"] for node in those}
        return "%s → %s, %s" % (names[stream["source"]], names[stream["target"]], stream["service"])

    for thing, name in ((host, host["text"]), (stream, title(stream))):
        page.mouse.move(thing["x"], thing["y"])
        head, _, rest = tip.inner_text().partition("\n")
        hands.expect(tip.is_visible() and head == name, "the pointer is at %s, the tip at" % name, head)
        rest = rest.split("\n")[-1]
        hands.expect(says(rest, thing["flows"], thing["bytes"]), "%s has %d flows and %d octets, the tip says" % (name, thing["flows"], thing["bytes"]), rest)
    # Under the pointer that rests it is told of each step.
    page.keyboard.press(".")
    later = page.evaluate("() => %s.things()" % SWARM)
    now = [title(other, later["nodes"]) for other in later["streams"]] + [node["text"] for node in later["nodes"]]
    head, _, rest = tip.inner_text().partition("\n") if tip.is_visible() else ("", "", "")
    hands.expect(not head or head in now and "not in this step" not in rest and (head != title(stream) or not says(rest.split("\n")[-1], stream["flows"], stream["bytes"])),
                 "a step later the tip still says", rest)
    page.keyboard.press(",")
    stage = page.locator(".swarm-names").bounding_box()
    page.mouse.move(stage["x"] + 4, stage["y"] + 4)
    hands.expect(tip.is_hidden(), "a tip where nothing is")
    # What is clicked is kept, and its command gives its numbers.
    detail = page.locator(".swarm-detail")
    for thing, name in ((host, host["text"]), (stream, title(stream))):
        page.mouse.click(thing["x"], thing["y"])
        hands.expect(detail.locator("h3").inner_text() == name, "%s is clicked, kept is" % name, detail.inner_text())
        hands.expect(says(detail.locator("p:has-text('packets')").inner_text(), thing["flows"], thing["bytes"]), "the numbers of %s" % name, detail.inner_text())
        command = shlex.split(detail.locator("pre").inner_text())
        rows = [json.loads(line) for line in skein(*command[1:], "--series", "10m", "--spread", "--output", "ndjson").splitlines()]
        hands.expect([row["bytes"] for row in rows] == [thing["bytes"]], "%s has %d octets; its command gives" % (name, thing["bytes"]), rows)
        # A flow counts in the step in which it begins; alone, a step has those too that go on in it.
        command[command.index("--from") + 1] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hands.first // 1000))
        rows = [json.loads(line) for line in skein(*command[1:], "--series", "10m", "--spread", "--output", "ndjson").splitlines()]
        hands.expect(rows[-1]["flows"] == thing["flows"], "%s has %d flows; in the whole time its command gives" % (name, thing["flows"]), rows[-1])
    # What is kept stays with its numbers of each step; a stream by its ends, not by their places in the scene.
    button = detail.get_by_role("button", name="Let go").element_handle()
    page.keyboard.press(".")
    later = page.evaluate("() => %s.things()" % SWARM)
    ends = {node["text"]: node["slot"] for node in later["nodes"]}
    again = [(other["flows"], other["bytes"]) for other in later["streams"] if (other["source"], other["target"], other["service"]) == (
        ends.get(nodes[stream["source"]]["text"]), ends.get(nodes[stream["target"]]["text"]), stream["service"])]
    hands.expect(detail.locator("h3").inner_text() == title(stream) and says(detail.locator("p:has-text('packets')").inner_text(), *(again or [(0, 0)])[0]),
                 "kept, a step later it has %s" % again, detail.inner_text())
    hands.expect(button.evaluate("(button) => button.isConnected"), "what is about to be pressed is pulled away with each step")
    hands.expect(page.evaluate("() => document.querySelector('.swarm-detail a').getAttribute('href')").startswith("/flows?"), "the way to its flows leads elsewhere")
    button.click()
    hands.expect(detail.inner_text() == "", "it is not let go", detail.inner_text())
    # Followed by its name, wherever it goes; typed in other letters, or nowhere to be seen, too.
    hands.open(page)
    page.mouse.click(host["x"], host["y"])
    detail.get_by_role("button", name="Follow").click()
    detail.get_by_role("button", name="Let go").click()
    hands.expect(hands.asks(page).get("follow") == host["text"], "who is followed does not stand in the address", page.url)
    ringed = """(name) => {
        const node = document.querySelector('.swarm-stage').swarm.things().nodes.find(({text}) => text === name);
        const canvas = document.querySelector('.swarm-names'), box = canvas.getBoundingClientRect(), ratio = canvas.width / box.width;
        return [[-1, 0], [0, 1], [0, -1]].filter(([x, y]) => {
            const {data} = canvas.getContext('2d').getImageData((node.x - box.left + x * (node.radius + 5)) * ratio - 1, (node.y - box.top + y * (node.radius + 5)) * ratio - 1, 3, 3);
            return Array.from({length: 9}, (_, place) => place * 4).some((at) => data[at] > 150 && data[at + 3] > 60);
        }).length;
    }"""
    for step in range(3):
        hands.expect(page.evaluate(ringed, host["text"]) == 3, "%d steps on no ring is round who is followed" % step)
        page.keyboard.press(".")
    page.get_by_label("Find a host and follow it").fill(" ALL others")
    page.keyboard.press("Enter")
    hands.expect(hands.asks(page).get("follow") == "all others", "it is not found in other letters", page.url)
    page.get_by_label("Find a host and follow it").fill("192.0.2.254")
    page.keyboard.press("Enter")
    hands.expect("192.0.2.254 has no place" in page.locator(".swarm-words").inner_text(), "nothing says that nobody is followed")


def of_command(hands, page):
    """Octets of the step that is shown, by the command for a video of it."""
    page.get_by_role("button", name="As command").click()
    words, notes = shlex.split(page.locator("dialog pre").inner_text()), page.locator("dialog .notes").all_inner_texts()
    page.keyboard.press("Escape")
    hands.expect(words[:2] == ["skein", "swarm"] and words[words.index("--step") + 1] == "10m" and len(notes) == 1, "the command of a video is", words)
    for option in ("--step", "--out"):
        del words[words.index(option):words.index(option) + 2]
    rows = [json.loads(line) for line in skein("query", *words[2:], "--series", "10m", "--spread", "--overlap", "--output", "ndjson").splitlines()]
    return rows[int(hands.now(page))]["bytes"]


def hidden(hands, page):
    """The legend: what is hidden is not drawn, not found by the pointer, and said; totals stay those of all."""
    hands.open(page)
    things = page.evaluate("() => %s.things()" % SWARM)
    sums = {}
    for stream in things["streams"]:
        sums[stream["service"]] = sums.get(stream["service"], 0) + stream["bytes"]
    service = max((name for name in sums if name != "others"), key=lambda name: sums[name])
    largest = max((stream for stream in things["streams"] if stream["service"] == service), key=lambda stream: stream["bytes"])
    bar, legend = page.locator(".swarm-words"), page.locator(".swarm-legend")
    points, before, words = page.evaluate("() => %s.drawAt(%s.now())" % (SWARM, SWARM)), hands.frame(page), bar.inner_text()
    button = legend.get_by_role("button", name=service, exact=True)
    button.focus()
    page.keyboard.press("Enter")
    hands.expect(button.get_attribute("aria-pressed") == "false", "the legend does not say that %s is hidden" % service)
    hands.expect(button.evaluate("(button) => button === document.activeElement"), "the legend loses who has pressed there")
    hands.expect(hands.asks(page).get("off") == service, "what is hidden does not stand in the address by its name", page.url)
    fewer = page.evaluate("() => %s.drawAt(%s.now())" % (SWARM, SWARM))
    hands.expect(0 < fewer < points and hands.frame(page) != before, "hidden, %s is drawn: of %d points" % (service, points), fewer)
    page.mouse.move(largest["x"], largest["y"])
    hands.expect(not page.locator(".tip:visible").filter(has_text=", %s" % service).count(), "hidden, %s is under the pointer" % service)
    said = re.search(r"([\d.]+\u202f[kMG]?B) hidden", bar.inner_text())
    hands.expect(said and abs(numbers(said[1])[0] - sums[service]) <= sums[service] * 0.006, "%d octets are hidden, said is" % sums[service], bar.inner_text())
    total = numbers(words[words.index(" flows"):])[0]
    hands.expect(said and abs(total - numbers(bar.inner_text()[bar.inner_text().index(" flows"):])[0]) < 1, "the sums are no longer those of all", bar.inner_text())
    left = sum(octets for name, octets in sums.items() if name != service)
    hands.expect(of_command(hands, page) == left, "of a video with %d octets the command has" % left, of_command(hands, page))
    # The others have no name that a filter could say.
    legend.get_by_role("button", name="others", exact=True).click()
    left -= sums.get("others", 0)
    hands.expect(of_command(hands, page) == left, "without the others it has %d octets, the command" % left, of_command(hands, page))
    legend.get_by_role("button", name="others", exact=True).click()
    hidden_frame = hands.frame(page)
    hands.again(page)
    hands.expect(hands.frame(page) == hidden_frame, "loaded anew, the picture is another one")
    # With all of them hidden there are nodes only.
    for name in legend.get_by_role("button").all_inner_texts():
        if name != service:
            legend.get_by_role("button", name=name, exact=True).click()
    hands.expect(page.evaluate("() => %s.drawAt(%s.now())" % (SWARM, SWARM)) == 0, "all is hidden, and still something flies")
    for name in legend.get_by_role("button").all_inner_texts():
        legend.get_by_role("button", name=name, exact=True).click()
    hands.expect(hands.frame(page) == before and "off" not in hands.asks(page), "put back, it is not as it was", page.url)


def pressed(hands, page):
    """The keys, as they work for whoever has touched nothing yet, and where they mean something else."""
    hands.open(page)
    at = hands.now(page)
    for key, by in ((".", 1), (",", -1), ("ArrowRight", 1), ("ArrowLeft", -1), ("Shift+ArrowRight", 10), ("Shift+ArrowLeft", -10), ("Shift+Period", 10), ("Shift+Comma", -10)):
        page.keyboard.press(key)
        at += by
        hands.expect(hands.now(page) == at, "%s leads to step %s, not" % (key, hands.now(page)), at)
    page.keyboard.press(".")
    page.wait_for_function("(at) => new URLSearchParams(location.search).get('at') === at", arg=str(hands.first + int((at + 1) * STEP)))
    page.keyboard.press("Space")
    hands.expect(hands.plays(page), "space does not play")
    page.keyboard.press("Space")
    hands.expect(not hands.plays(page), "space does not pause")
    hands.expect(page.evaluate("() => scrollY") == 0, "space moves the page")
    page.locator(".swarm-play").focus()
    page.keyboard.press("Space")
    hands.expect(hands.plays(page), "space on the button plays and pauses at once")
    page.keyboard.press("Space")
    at = hands.now(page)
    page.get_by_label("Find a host and follow it").focus()
    page.keyboard.type(" ,.")
    hands.expect(hands.now(page) == at and not hands.plays(page), "what is typed moves the time")
    page.get_by_label("Find a host and follow it").fill("")
    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("Home")
    hands.expect(hands.now(page) == 0 and slider.get_attribute("aria-valuenow") == "0", "Home leads elsewhere", hands.now(page))
    page.keyboard.press("PageUp")
    hands.expect(slider.get_attribute("aria-valuenow") == "10", "the slider says", slider.get_attribute("aria-valuenow"))
    page.keyboard.press("End")
    hands.expect(slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax"), "End leads elsewhere", hands.now(page))
    page.keyboard.press("1")
    page.wait_for_function("() => document.body.dataset.view === 'overview'")
    page.keyboard.press("7")
    page.wait_for_function("() => document.querySelector('.swarm-stage')")


def timed(hands, page):
    """Speed and loop, by a clock that stands until it is told to go on; they stay in the address."""
    page.clock.install()
    hands.open(page, "&speed=4")
    page.clock.pause_at(page.evaluate("() => Date.now()") + 1000)
    count = page.evaluate("() => %s.count()" % SWARM)

    def later(frames):
        """So many frames of 100 ms."""
        for _ in range(frames):
            page.clock.fast_forward(100)

    def go(frames):
        before = hands.now(page)
        later(frames)
        return hands.now(page) - before

    page.locator(".swarm-play").click()
    later(1)
    hands.expect(abs(go(3) - 0.3 * 2 * 4) < 1e-6, "at 4 × 0.3 s are not 2.4 steps")
    page.get_by_label("Speed").select_option("0.5")
    hands.expect(abs(go(3) - 0.3) < 1e-6, "at 0.5 × 0.3 s are not 0.3 steps")
    hands.expect(hands.asks(page).get("speed") == "0.5", "the speed does not stand in the address", page.url)
    page.get_by_label("Speed").select_option("100")
    later(4)
    hands.expect(not hands.plays(page) and count - hands.now(page) < 0.01, "it does not end at the end", hands.now(page))
    page.get_by_role("button", name="Loop").click()
    hands.expect(hands.asks(page).get("loop") == "1", "that it loops does not stand in the address", page.url)
    page.locator(".swarm-play").click()
    later(1)
    places = [(later(1), hands.now(page))[1] for _ in range(6)]
    hands.expect(hands.plays(page) and any(b < a for a, b in zip(places, places[1:])), "it does not begin again", places)
    page.get_by_role("button", name="Loop").click()
    later(4)
    hands.expect(not hands.plays(page), "not looping any more it does not end")
    page.locator(".swarm-play").click()
    hands.expect(hands.now(page) == 0, "played from the end it does not begin anew", hands.now(page))
    page.locator(".swarm-play").click()


def kept(hands, page):
    """What the address says is what one gets, and what one does stands there."""
    hands.open(page, "&speed=10&loop=1&follow=10.0.0.53&seed=7", at=NOON + STEP // 4)
    hands.expect(abs(hands.now(page) - (HOURS * 3 + 0.25)) < 1e-6, "it begins elsewhere", hands.now(page))
    pressed_ = [page.get_by_label("Speed").input_value(), page.get_by_role("button", name="Loop").get_attribute("aria-pressed"),
                page.get_by_label("Find a host and follow it").input_value()]
    hands.expect(pressed_ == ["10", "true", "10.0.0.53"], "of the address it takes", pressed_)
    box = page.get_by_role("slider", name="Time").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 20)
    hands.expect(abs(hands.now(page) - HOURS * 6 * 0.25) < 0.1, "a click on the bar of octets leads elsewhere", hands.now(page))
    page.wait_for_function("(at) => Math.abs(Number(new URLSearchParams(location.search).get('at')) - at) < 60000", arg=hands.first + HOURS * 900_000)
    told, picture = hands.asks(page), hands.frame(page)
    hands.expect(all(told.get(name) == value for name, value in (
        ("speed", "10"), ("loop", "1"), ("follow", "10.0.0.53"), ("seed", "7"), ("step", "10m"))), "what was in the address is no longer there", page.url)
    hands.again(page)
    hands.expect(hands.asks(page) == told, "loaded anew, the address is another one", page.url)
    # To a millisecond of the network, a 600,000th of a step.
    hands.expect(hands.frame(page) == picture, "loaded anew, the picture is another one")


def streamed(hands, page):
    """What arrives is no time: the head says so, and who chooses a time leaves it."""
    hands.open(page)
    time_, live = page.locator("#head .time"), page.locator("#head .live")
    words = time_.inner_text()
    page.locator(".swarm-live").click()
    page.wait_for_function("() => %s.live()?.isConnected && %s.count() > 2" % (SWARM, SWARM), timeout=30000)
    hands.expect(time_.inner_text() == "What arrives" and live.get_attribute("aria-pressed") == "true", "live, the head says", time_.inner_text())
    hands.expect(hands.asks(page).get("live") == "1" and "at" not in hands.asks(page), "live, the address says", page.url)
    page.keyboard.press("l")
    hands.expect("live" not in hands.asks(page) and time_.inner_text() == words, "back from there the head says", time_.inner_text())
    page.keyboard.press("l")
    page.wait_for_function("() => %s.live()" % SWARM, timeout=30000)
    time_.click()
    page.get_by_role("menuitem", name="Earlier").click()
    page.wait_for_function("() => %s.isWhole()" % SWARM, timeout=30000)
    hands.expect("live" not in hands.asks(page) and time_.inner_text() not in ("What arrives", words), "a time is chosen, and the head says", time_.inner_text())
    hands.expect(page.locator(".swarm-live").get_attribute("aria-pressed") == "false", "a time is chosen, and it says that it is live")


def still(hands):
    """Who asks for less motion gets none that they have not asked for; all others get it at once."""
    for motion in ("no-preference", "reduce"):
        page = hands.browser.page(viewport=SMALL, reduced_motion=motion)
        page.clock.install()
        hands.open(page, at=None)
        page.clock.pause_at(page.evaluate("() => Date.now()") + 1000)
        before = hands.now(page)
        for _ in range(3):
            page.clock.fast_forward(100)
        moves = hands.now(page) > before
        hands.expect((moves, hands.plays(page)) == ((motion != "reduce",) * 2), "with %s it plays by itself" % motion, moves)
        if motion == "reduce":
            hands.expect(before > 0, "still, it shows the beginning, in which nothing flies yet")
            page.locator(".swarm-play").click()
            for _ in range(3):
                page.clock.fast_forward(100)
            hands.expect(hands.now(page) > before, "it cannot be played")
        page.context.close()


def run(browser, base, first):
    hands = Hands(browser, base, first)
    page = browser.page(viewport=SMALL)
    for check in (pointed, hidden, pressed, kept, streamed, timed):
        check(hands, page)
    page.context.close()
    still(hands)
    return "%d checks by hand" % hands.checked
