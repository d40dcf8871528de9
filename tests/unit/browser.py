"""A headless Chromium, driven over its debugging pipe (Chrome DevTools Protocol)."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--window-size=1200,800",
)


def find_chromium():
    """Path of a Chromium, None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a Chromium that ends with the block.

    Parameters
    ----------
    folder : Path for the profile
    limit_s : longest wait for an answer or a condition
    """

    def __init__(self, folder, limit_s=240):
        self._limit_s = limit_s
        self._folder = folder

    def __enter__(self):
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()

        def connect():
            """Chromium reads from descriptor 3 and writes to 4; copies keep them from clashing."""
            ends = os.dup(to_read), os.dup(to_write)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [find_chromium(), *OPTIONS, f"--user-data-dir={self._folder}"],
            close_fds=False,
            preexec_fn=connect,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer, self._count, self._session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        return self

    def __exit__(self, *failure):
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)

    def call(self, method, **parameters):
        """The result of a command of the protocol."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._count:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def _receive(self):
        deadline = time.monotonic() + self._limit_s
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._in], [], [], left)[0]:
                raise TimeoutError(f"no answer from the browser within {self._limit_s} s")
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, path):
        self.call("Page.navigate", url=path.resolve().as_uri())

    def evaluate(self, script):
        """The value of a JavaScript expression."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", script))
        return found["result"].get("value")

    def wait_for(self, script):
        """The value of an expression as soon as it is true."""
        deadline = time.monotonic() + self._limit_s
        while not (value := self.evaluate(script)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never true: {script}")
            time.sleep(0.2)
        return value

    def hover(self, x, y, until):
        """Move the mouse about a place, as a hand does, until an expression is true."""
        deadline = time.monotonic() + self._limit_s
        step = 0
        while not self.evaluate(until):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never true while hovering: {until}")
            self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + step % 2, y=y)
            step += 1
            time.sleep(0.3)

    def click(self, x, y):
        """Press and release the left button there."""
        place = {"x": x, "y": y}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def screenshot(self, x, y, width, height):
        """PNG of a part of the page as bytes."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        found = self.call("Page.captureScreenshot", format="png", clip=clip)
        return base64.b64decode(found["data"])
