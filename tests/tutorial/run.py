#!/usr/bin/env python3
"""Runs every command of a document, in its order, and compares what they print.

  run.py DOCUMENT BUILD_DIR

A block that begins with ```sh is run by bash with -eu -o pipefail; folder,
variables and functions stay from block to block. ```sh background is a program
that serves until the next such block or the end: it must say `ready`, and exit
with 0 when it is interrupted. A ```text block is what the commands before it
print: "..." stands for anything within a line, and alone on a line for any
lines.

The document says build/release and the ports 8080 and 9090; here they are
BUILD_DIR and ports that are free. Exits with 77, ctest's code for a skipped
test, when a program that the document uses is not there.
"""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

BLOCK = re.compile(r"^```(sh|sh background|text)\n(.*?)^```$", re.M | re.S)
NEEDED = ("bash", "cmake", "ctest", "curl", "ninja")
READY_SECONDS = 120
STOP_SECONDS = 60


def blocks_of(text: str) -> list[tuple[str, str]]:
    blocks = BLOCK.findall(text)
    fences = len(re.findall(r"^```", text, re.M))
    assert fences == 2 * len(blocks), f"{fences} fences, but {len(blocks)} blocks: one is of another kind"
    return blocks


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def pattern_of(expected: str) -> re.Pattern:
    """What a ```text block means, for the whole of an output."""
    parts = []
    for line in expected.rstrip("\n").split("\n"):
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r"[^\n]*".join(map(re.escape, line.split("..."))) + r"[^\n]*\n" * line.endswith("...") + r"\n" * (not line.endswith("...")))
    return re.compile("".join(parts))


def matches(expected: str, output: str) -> bool:
    return pattern_of(expected).fullmatch(output.rstrip("\n") + "\n") is not None


class Server:
    """A program of a ```sh background block."""

    def __init__(self, command: list[str], env: dict[str, str], log: pathlib.Path):
        self.log = log
        self.ready = threading.Event()
        self.process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=log.open("a"), text=True)
        threading.Thread(target=self.read, daemon=True).start()
        if not self.ready.wait(READY_SECONDS) or self.process.poll() is not None:
            self.kill()
            sys.exit(f"{command[-1]}: not ready\n{self.tail()}")

    def read(self) -> None:
        for line in self.process.stdout:
            if line.startswith("ready "):
                self.ready.set()
        self.ready.set()  # it has ended

    def tail(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-20:])

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(STOP_SECONDS)
        assert code == 0, f"the server ended with {code}\n{self.tail()}"

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Tutorial:
    def __init__(self, build: pathlib.Path, scratch: pathlib.Path):
        self.scratch = scratch
        self.state = scratch / "state.sh"
        self.state.write_text("")
        self.server: Server | None = None
        http, grpc = free_port(), free_port()
        self.meant = {"$PWD/build/release": str(build), ":8080": f":{http}"}
        # The platform refuses variables that it does not know.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MILLRACE_")}
        self.env |= {
            "CCACHE_BASEDIR": str(scratch), "CCACHE_NOHASHDIR": "1",
            "MILLRACE_HTTP_PORT": str(http), "MILLRACE_GRPC_PORT": str(grpc),
        }
        self.client = {"MILLRACE_TARGET": f"127.0.0.1:{grpc}"}

    def script(self, block: str) -> str:
        for said, meant in self.meant.items():
            block = block.replace(said, meant)
        return f"set -a\n. {self.state}\nset -euo pipefail\n{block}"

    def run(self, block: str) -> str:
        # Functions have no name for the folder that they were made in.
        keep = f'{{ declare -f; export -p; printf "cd %q\\n" "$PWD"; }} >{self.state}'
        result = subprocess.run(
            ["bash", "-c", self.script(block) + keep], env=self.env | self.client,
            cwd=self.scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        print(block + result.stdout, end="", flush=True)
        if result.returncode != 0:
            sys.exit(f"a command ended with {result.returncode}:\n{block}")
        return result.stdout

    def serve(self, block: str) -> None:
        self.stop()
        print(block, flush=True)
        self.server = Server(
            ["bash", "-c", self.script("exec " + block)], self.env, self.scratch / "server.log")

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
        self.server = None


def main() -> None:
    document, build = map(pathlib.Path, sys.argv[1:3])
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} not installed (tools/dev setup)")
        sys.exit(77)
    commands = compared = 0
    with tempfile.TemporaryDirectory(prefix="millrace-tutorial-") as scratch:
        tutorial = Tutorial(build.resolve(), pathlib.Path(scratch))
        output = None
        try:
            for kind, text in blocks_of(document.read_text(encoding="utf-8")):
                if kind == "text":
                    assert output is not None, f"nothing was run before\n{text}"
                    assert matches(text, output), f"expected\n{text}\nand it was\n{output}"
                    compared += 1
                    output = None
                    continue
                commands += 1
                if kind == "sh":
                    output = tutorial.run(text)
                else:
                    tutorial.serve(text)
            tutorial.stop()
        finally:
            if tutorial.server is not None:
                tutorial.server.kill()
    assert commands > 5 and compared > 3, f"{commands} blocks of commands, {compared} outputs"
    print(f"{commands} blocks of commands, {compared} outputs as shown")


if __name__ == "__main__":
    main()
