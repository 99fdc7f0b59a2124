"""How this project's C++ targets are built.

Headers are included as "ringdist/<folder>/<file>.h", here and in the projects
that embed ringdist; the macros set that prefix and the warnings.
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

# Warnings for our own sources only: an embedding project's flags are its own.
COPTS = [
    "-std=c++20",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Wno-missing-field-initializers",
    "-Werror",
]

def ringdist_library(name, copts = [], **kwargs):
    """A cc_library whose headers are included with the ringdist/ prefix."""
    cc_library(
        name = name,
        copts = COPTS + copts,
        include_prefix = "ringdist/" + native.package_name(),
        **kwargs
    )

def ringdist_binary(name, copts = [], **kwargs):
    cc_binary(name = name, copts = COPTS + copts, **kwargs)

def ringdist_test(name, srcs = None, copts = [], deps = [], **kwargs):
    """A GoogleTest binary; NAME.cc is its source unless srcs says otherwise."""
    cc_test(
        name = name,
        srcs = srcs or [name + ".cc"],
        copts = COPTS + copts,
        deps = deps + ["@com_google_googletest//:gtest_main"],
        **kwargs
    )
