# SPDX-License-Identifier: MIT
"""The example workflow for a CI service: its steps with scripts are run as the service would run them.

    VMETER_SOURCE=SOURCES test_workflow.py VMETER
"""
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

SOURCE = os.path.abspath(os.environ["VMETER_SOURCE"])
sys.path.insert(0, os.path.join(SOURCE, "tests", "wire"))
import serve  # pylint: disable=wrong-import-position

try:
    import yaml
except ImportError:
    serve.skip("python3-yaml is not installed")

with open(os.path.join(SOURCE, "examples", "ci", "github-actions.yml"), encoding="utf-8") as text:
    WORKFLOW = yaml.safe_load(text)
STEPS = WORKFLOW["jobs"]["scenarios"]["steps"]


def step(name):
    """The step of this name."""
    return next(s for s in STEPS if s.get("name") == name)


def run_scenarios(scenarios):
    """Runs the step that runs scenarios, as GitHub does (bash -e -o pipefail), in a folder with these: its exit code,
    and the files of results by name."""
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "scenarios"))
        for name, scenario in scenarios.items():
            with open(os.path.join(folder, "scenarios", name), "w", encoding="utf-8") as out:
                json.dump(scenario, out)
        done = subprocess.run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c",
                               step("Run the scenarios")["run"]], cwd=folder, capture_output=True, text=True,
                              timeout=120, check=False,
                              env={**os.environ, "PATH": os.path.dirname(serve.VMETER) + ":" + os.environ["PATH"]})
        results = {}
        for name in os.listdir(os.path.join(folder, step("Keep the results")["with"]["path"])):
            with open(os.path.join(folder, "results", name), encoding="utf-8") as f:
                results[name] = f.read()
        return done.returncode, results


def scenario(voltage):
    """Expects 230 V where there are so many."""
    return {"name": "s", "duration": "1s", "grid": {"voltage": voltage},
            "timeline": [{"at": "1s", "expect": {"l1_voltage": {"value": 230, "tol": 0.1}}}]}


def test_pass():
    """All hold: 0, and a report for each; the schema is no scenario."""
    code, results = run_scenarios({"a.json": scenario(230), "b.json": scenario(230), "x.schema.json": {}})
    assert code == 0 and sorted(results) == ["a.json", "a.xml", "b.json", "b.xml"], (code, list(results))


def test_fail():
    """One fails: the job fails, the others are run all the same, and JUnit says which."""
    code, results = run_scenarios({"a.json": scenario(200), "b.json": scenario(230)})
    assert code == 1 and sorted(results) == ["a.json", "a.xml", "b.json", "b.xml"], (code, list(results))
    failed = {name: len(list(xml.etree.ElementTree.fromstring(results[name]).iter("failure")))
              for name in ("a.xml", "b.xml")}
    assert failed == {"a.xml": 1, "b.xml": 0}, failed


def test_form():
    """What the service wants of a workflow, and that each script is one for bash."""
    assert WORKFLOW[True] and WORKFLOW["jobs"]["scenarios"]["runs-on"]  # YAML 1.1 reads the key `on` as true
    for s in STEPS:
        assert ("uses" in s) != ("run" in s), s
        if "run" in s:
            subprocess.run(["bash", "-n", "-c", s["run"]], timeout=20, check=True)
    assert step("Keep the results")["if"] == "always()"


def test_packages():
    """What builds vmeter by scripts/bootstrap builds the Debian package, too."""
    with open(os.path.join(SOURCE, "scripts", "bootstrap"), encoding="utf-8") as f:
        listed = f.read().split("packages=(", 1)[1].split(")", 1)[0].split()
    with open(os.path.join(SOURCE, "debian", "control"), encoding="utf-8") as f:
        needed = f.read().split("Build-Depends:", 1)[1].split("\n\n", 1)[0]
    names = {line.split()[0].rstrip(",") for line in needed.splitlines() if line.strip()}
    # What builds any package, and what meson brings along.
    missing = set(listed) - names - {"gcc", "libc6-dev", "ninja-build"}
    assert not missing, f"in scripts/bootstrap, but not in debian/control: {sorted(missing)}"


serve.main(globals(), 240)
