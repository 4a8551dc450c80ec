"""A headless Chromium that draws in software, and pages in it that complain to a list."""
import os

from playwright.sync_api import sync_playwright

# Page files of this folder in the place of those in the program: to try them without building it.
PAGE_FROM = os.environ.get("PAGE_FROM")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


class Browser:
    def __init__(self, problems):
        self.problems = problems
        # What tests bring about: they read pictures; and others say here what a server that is away makes it say.
        self.tolerated = ["GPU stall due to ReadPixels", "Multiple readback operations"]
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[
            "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"])

    def page(self, **options):
        """A page with nothing of another one's."""
        page = self.browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}).new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        if PAGE_FROM:
            page.route("**/assets/**", serve)
        return page

    def hear(self, message):
        if message.type in ("error", "warning") and not any(words in message.text for words in self.tolerated):
            self.problems.append(message.text)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.close()
        self.playwright.stop()


def serve(route):
    path = os.path.join(PAGE_FROM, route.request.url.rpartition("/")[2])
    kind = TYPES.get(os.path.splitext(path)[1])
    if kind and os.path.exists(path):
        route.fulfill(path=path, content_type=kind)
    else:
        route.continue_()
