"""Dependencies from Debian packages, under their upstream labels.

A project that already has, say, @com_google_absl from upstream keeps it: each
repository is declared only if nobody declared it before.
"""

load(
    ":debian.bzl",
    "bundled_repository",
    "debian_absl",
    "debian_library",
)

def ringdist_dependencies():
    """Declares what ringdist needs and the workspace does not have yet."""
    _maybe(debian_absl, name = "com_google_absl")
    _maybe(
        debian_library,
        name = "com_google_googletest",
        targets = {
            "gtest": "gtest gmock",
            "gtest_main": "gtest_main gmock",
        },
    )
    _maybe(
        debian_library,
        name = "com_github_google_benchmark",
        targets = {"benchmark": "benchmark", "benchmark_main": "benchmark"},
        extra_linkopts = {"benchmark_main": ["-lbenchmark_main"]},
    )
    _maybe(
        debian_library,
        name = "liburing",
        targets = {"liburing": "liburing"},
    )
    _maybe(
        debian_library,
        name = "libcrypto",
        targets = {"libcrypto": "libcrypto"},
    )
    _maybe(debian_library, name = "zlib", targets = {"zlib": "zlib"})

    # Erlang's own codec, to hold ours against: bench/ and tests/ only.
    _maybe(
        debian_library,
        name = "libei",
        targets = {"ei": ""},
        extra_linkopts = {"ei": ["-lei"]},
    )
    _maybe(debian_library, name = "cli11", targets = {"cli11": "CLI11"})
    _maybe(
        debian_library,
        name = "nlohmann_json",
        targets = {"json": "nlohmann_json"},
    )

    # Bazel 4 loads these in every workspace. Offline, they come from here and
    # from Debian.
    _maybe(
        bundled_repository,
        name = "rules_cc",
        files = {
            "BUILD.bazel": str(Label("//tools/bazel:empty.BUILD")),
            "cc/BUILD.bazel": str(Label("//tools/bazel:empty.BUILD")),
            "cc/defs.bzl": str(Label("//tools/bazel:rules_cc.bzl")),
        },
    )
    _maybe(
        bundled_repository,
        name = "remote_coverage_tools",
        files = {
            "BUILD.bazel": str(Label("//tools/bazel:coverage_tools.BUILD")),
        },
    )
    _maybe(
        native.local_repository,
        name = "rules_java",
        path = "/usr/share/bazel/rules/java",
    )

def _maybe(rule, name, **kwargs):
    if not native.existing_rule(name):
        rule(name = name, **kwargs)
