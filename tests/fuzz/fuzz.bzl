"""Fuzz targets: libFuzzer binaries, and tests that replay their corpora."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")
load("//tools/bazel:cc.bzl", "COPTS")

def ringdist_fuzz_test(name, deps = []):
    """NAME.cc, which defines LLVMFuzzerTestOneInput, in two ways.

    NAME is the fuzzer. It is built only by its name, with --config=fuzz:
        bazel build --config=fuzz //tests/fuzz:NAME
    NAME_corpus_test runs each file of corpus/NAME through it once, in every
    other configuration, and fails if there is none.

    Args:
      name: of the fuzzer, of its source and of its directory under corpus/.
      deps: what the source needs.
    """
    cc_library(
        name = name + "_input",
        testonly = True,
        srcs = [name + ".cc"],
        copts = COPTS,
        deps = deps,
        # Its one symbol is wanted by libFuzzer's main.
        alwayslink = True,
    )
    cc_binary(
        name = name,
        testonly = True,
        linkopts = select(
            {"//tests/fuzz:fuzz": ["-fsanitize=fuzzer"]},
            no_match_error = "a fuzzer is built with --config=fuzz",
        ),
        tags = ["manual"],
        deps = [":" + name + "_input"],
    )
    cc_test(
        name = name + "_corpus_test",
        size = "small",
        srcs = ["//tests/fuzz:replay_main.cc"],
        args = ["%s/corpus/%s" % (native.package_name(), name)],
        copts = COPTS,
        data = native.glob(["corpus/%s/**" % name]),
        deps = [":" + name + "_input"],
    )
