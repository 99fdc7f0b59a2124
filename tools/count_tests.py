"""Counts the test cases of one `bazel test`, for tools/test.

  count_tests.py EVENTS NAME STATUS FAILURES

EVENTS is the file of --build_event_json_file, NAME says which run it was, and
STATUS is Bazel's exit status. Prints "passed failed skipped" in numbers, and
appends a line per failed or skipped case to the file FAILURES.
"""

import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

# Bazel's exit statuses: fine, some tests failed, no tests found.
TESTS_RAN = (0, 3, 4)


class Count:
    def __init__(self, name):
        self.name = name
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.lines = []

    def fail(self, what):
        self.failed += 1
        self.lines.append(f"FAILED  {self.name} {what}")

    def skip(self, what):
        self.skipped += 1
        self.lines.append(f"SKIPPED {self.name} {what}")


def test_results(path):
    """Yields (label, passed, path of test.xml) for each test of the run."""
    results = {}
    with open(path, encoding="utf-8") as events:
        for line in events:
            event = json.loads(line)
            if "testResult" not in event:
                continue
            key = event["id"]["testResult"]
            result = event["testResult"]
            xml = ""
            for output in result.get("testActionOutput", []):
                if output["name"] == "test.xml":
                    xml = urllib.parse.urlparse(output["uri"]).path
            # Of several attempts the last one counts.
            results[key["label"], key.get("run"), key.get("shard")] = (
                key["label"],
                result["status"] == "PASSED",
                urllib.parse.unquote(xml),
            )
    return results.values()


def cases(path):
    """Yields (name, outcome) for each test case in a test.xml."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return  # The test ended before it could write one.
    for case in root.iter("testcase"):
        name = f"{case.get('classname', '')}.{case.get('name')}".lstrip(".")
        if case.find("failure") is not None or case.find("error") is not None:
            yield name, "failed"
        elif case.get("result") == "skipped":
            yield name, "skipped"
        elif case.get("status") != "notrun":
            yield name, "passed"


def count_target(count, label, passed, xml):
    failed_before = count.failed
    for name, outcome in cases(xml):
        if outcome == "failed":
            count.fail(f"{label} {name}")
        elif outcome == "skipped":
            count.skip(f"{label} {name}")
        else:
            count.passed += 1
    if not passed and count.failed == failed_before:
        # A crash, a leak found at the end, or a timeout.
        count.fail(label)


def main():
    events, name, status, report = sys.argv[1:]
    count = Count(name)
    for label, passed, xml in test_results(events):
        count_target(count, label, passed, xml)
    if int(status) not in TESTS_RAN or (int(status) == 3 and not count.failed):
        count.fail("build")
    with open(report, "a", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in count.lines)
    print(count.passed, count.failed, count.skipped)


main()
