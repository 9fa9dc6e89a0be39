"""Opens pages in Chromium without a window and looks at them: look.py CHROMIUM FOLDER PAGE.html …

Prints a line a check: what it is, a tab, and what is wrong, or nothing. FOLDER, which is empty, takes the browser's files;
SCREENSHOTS may name a folder that takes pictures of the pages. Speaks the DevTools protocol over the two pipes of --remote-debugging-pipe."""
import base64
import json
import os
import signal
import subprocess
import sys

SIZES = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"), (320, "light")]
SECONDS = 300

LAYOUT = """(() => {
  const width = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > width) found.push(`it is ${document.documentElement.scrollWidth} wide`);
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width && box.right > width + 1 && !element.closest(".scroll,pre,.store") && found.length < 4)
      found.push(`${element.tagName}.${element.className} ends at ${Math.round(box.right)}`);
  }
  return found.join("; ");
})()"""
LINKS = """(() => {
  const found = [];
  const links = document.querySelectorAll("a[href],use[href]");
  if (!links.length) found.push("there are none");
  if (document.querySelector(".pictures") && !document.querySelector("use")) found.push("no picture is shown");
  for (const link of links) {
    const name = link.getAttribute("href");
    if (!name.startsWith("#") || !document.getElementById(name.slice(1))) found.push(name);
  }
  for (const use of document.querySelectorAll("use")) if (!use.getBBox().width) found.push("a picture without size");
  return found.slice(0, 4).join("; ");
})()"""
SCRIPTS = """(() => {
  const found = [];
  if (document.scripts.length != 1) found.push(`${document.scripts.length} scripts`);
  for (const element of document.querySelectorAll("*"))
    for (const name of element.getAttributeNames()) if (name.startsWith("on")) found.push(name);
  return found.slice(0, 4).join("; ");
})()"""
SORTING = """(() => {
  const table = document.querySelector("table.sortable");
  if (!table) return "no table";
  const column = Array.from(table.tHead.rows[0].cells).findIndex((cell) => cell.classList.contains("n"));
  const head = table.tHead.rows[0].cells[column];
  const values = () => Array.from(table.tBodies[0].rows, (row) => row.cells[column].dataset.v)
    .filter((value) => value !== undefined).map(Number);
  for (const sign of [1, -1]) {
    head.querySelector("button").click();
    const now = values();
    if (now.length < 2) return "no numbers";
    if (now.some((value, place) => place && sign * (value - now[place - 1]) < 0)) return `${now} after a click`;
  }
  return head.getAttribute("aria-sort") == "descending" ? "" : "the head does not say how it is sorted";
})()"""
CHECKS = [("nothing is cut off", LAYOUT), ("links and pictures lead somewhere", LINKS),
          ("its own script is the only one", SCRIPTS), ("a click sorts a table", SORTING)]


class Browser:
    """One tab of a browser."""

    def __init__(self, program, folder):
        pipes = [os.path.join(folder, name) for name in ("to", "from")]
        for pipe in pipes:
            os.mkfifo(pipe)
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-extensions", "--disable-background-networking", "--hide-scrollbars",
                   "--remote-debugging-pipe", f"--user-data-dir={folder}/profile", "about:blank"]
        self.process = subprocess.Popen(
            ["bash", "-c", 'in=$0 out=$1; shift; exec "$@" 3<"$in" 4>"$out"', *pipes, program, *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.sending, self.receiving = open(pipes[0], "wb"), open(pipes[1], "rb")
        self.number, self.session, self.rest, self.events = 0, None, b"", []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def message(self):
        while b"\0" not in self.rest:
            piece = self.receiving.read1(1 << 20)
            if not piece:
                raise EOFError("the browser has ended")
            self.rest += piece
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.sending.write(json.dumps(message).encode() + b"\0")
        self.sending.flush()
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, path, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                  mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.message())

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            return str(answer["exceptionDetails"].get("exception", {}).get("description"))
        return answer["result"]["value"]

    def complaints(self):
        """What the console says, what was asked for elsewhere, and dialogs."""
        found = []
        for event in self.events:
            method, content = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(content["exceptionDetails"]["text"])
            elif method == "Log.entryAdded" and content["entry"]["level"] in ("warning", "error"):
                found.append(content["entry"]["text"])
            elif method == "Runtime.consoleAPICalled":
                found.append("console." + content["type"])
            elif method == "Page.javascriptDialogOpening":
                found.append("a dialog")
            elif method == "Network.requestWillBeSent":
                address = content["request"]["url"]
                if not address.startswith(("file:", "data:")):
                    found.append(address)
        return "; ".join(found[:4])

    def save(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))


def stop(*_):
    raise TimeoutError(f"no end within {SECONDS} seconds")


def main(program, folder, pages):
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    browser = Browser(program, folder)
    try:
        for page in pages:
            name = os.path.splitext(os.path.basename(page))[0]
            for width, scheme in SIZES:
                label = f"{name}, {width} pixels, {scheme}"
                browser.open(page, width, scheme)
                if os.environ.get("SCREENSHOTS"):
                    browser.save(os.path.join(os.environ["SCREENSHOTS"], f"{name}-{width}-{scheme}.png"))
                for what, script in CHECKS:
                    print(f"{label}: {what}\t{browser.evaluate(script)}", flush=True)
                print(f"{label}: no complaint, nothing asked for\t{browser.complaints()}", flush=True)
    finally:
        browser.process.kill()
        browser.process.wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
