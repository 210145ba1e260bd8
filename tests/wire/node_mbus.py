# SPDX-License-Identifier: MIT
"""node-mbus from npm (libmbus, built from its C) as an M-Bus master that we did not write.

It is installed once, in exact versions, into the folder $VMETER_NPM, or into the build folder.
"""
import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess

import serve

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node-mbus")
FOLDER = os.environ.get("VMETER_NPM") or os.path.join(os.environ.get("VMETER_BUILD", "."), "node-mbus")
FILES = ("package.json", "package-lock.json", "client.js")
INSTALL_SECONDS = 150


class Refused(Exception):
    """node-mbus has reported an error."""


def fingerprint(node):
    """Changes when the installation would."""
    text = subprocess.run([node, "--version"], stdout=subprocess.PIPE, check=True).stdout
    for name in FILES:
        with open(os.path.join(HERE, name), "rb") as file:
            text += file.read()
    return hashlib.sha256(text).hexdigest()


def install_into(folder, node, npm):
    """Fetches and compiles it. None if all went well, else what npm said."""
    env = dict(os.environ, npm_config_fetch_retries="2", npm_config_fetch_retry_mintimeout="1000",
               npm_config_fetch_retry_maxtimeout="5000", npm_config_fetch_timeout="30000")
    prefix = os.path.dirname(os.path.dirname(os.path.realpath(node)))
    if os.path.exists(os.path.join(prefix, "include", "node", "node.h")):
        env["npm_config_nodedir"] = prefix  # node's own headers; none are fetched
    for name in FILES:
        shutil.copy(os.path.join(HERE, name), folder)
    try:
        done = subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=INSTALL_SECONDS, preexec_fn=serve.die_with_parent)
        if done.returncode:
            return done.stdout
        done = subprocess.run([node, "-e", "require('node-mbus')"], cwd=folder, capture_output=True, text=True,
                              check=False)
    except subprocess.TimeoutExpired:
        return f"not done in {INSTALL_SECONDS} s"
    return done.stderr if done.returncode else None


def install():
    """The program node, with node-mbus in FOLDER. Skips the test if that can not be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        serve.skip("node and npm are not installed")
    os.makedirs(FOLDER, exist_ok=True)
    stamp, wanted = os.path.join(FOLDER, "stamp"), fingerprint(node)
    with open(os.path.join(FOLDER, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(stamp):
            with open(stamp, encoding="utf-8") as text:
                if text.read() == wanted:
                    return node
            os.unlink(stamp)
        error = install_into(FOLDER, node, npm)
        if error:
            serve.skip("node-mbus can not be installed: " + error[-2000:])
        with open(stamp, "w", encoding="utf-8") as text:
            text.write(wanted)
    return node


class Client:
    """One process with node-mbus; connected to a line, if options name one."""

    def __init__(self, node, **options):
        preload = options.pop("preload", None)
        self.process = subprocess.Popen(
            [node, "client.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=dict(os.environ, LD_PRELOAD=preload) if preload else None, preexec_fn=serve.die_with_parent)
        self.connected = bool(options)
        try:
            if options:
                self.call("connect", options)
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *unused):
        try:
            if kind is None and self.connected:
                self.call("close")
        finally:
            self.end()

    def end(self):
        """Ends the process."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def call(self, name, *arguments, seconds=60):
        """One call; its value."""
        self.process.stdin.write(json.dumps({"call": name, "with": arguments}).encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise serve.Late(f"{name}: no end within {seconds} s")
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Refused(answer["error"])
        return answer.get("value")
