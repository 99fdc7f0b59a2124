"""Repository rules that wrap libraries installed by Debian packages.

The libraries' headers are in /usr/include, where the compiler looks by itself;
what a target has to carry is the linker's options, and pkg-config knows them.
"""

_TARGET = """
cc_library(
    name = "{name}",
    defines = {defines},
    linkopts = {linkopts},
)
"""

_HEADER = """package(default_visibility = ["//visibility:public"])
"""

# abseil's labels (package: targets) as upstream has them. Debian's pkg-config
# name of //absl/<package>:<target> is absl_<target>. Add a line to use more.
_ABSL = {
    "base": ["base", "config", "core_headers"],
    "cleanup": ["cleanup"],
    "container": [
        "btree",
        "fixed_array",
        "flat_hash_map",
        "flat_hash_set",
        "inlined_vector",
        "node_hash_map",
    ],
    "functional": ["any_invocable", "bind_front", "function_ref"],
    "hash": ["hash"],
    "numeric": ["bits", "int128"],
    "status": ["status", "statusor"],
    "strings": ["cord", "str_format", "strings"],
    "time": ["time"],
    "types": ["optional", "span", "variant"],
}

def _pkg_config(repository_ctx, package):
    """Returns (defines, linkopts) of a pkg-config package."""
    result = repository_ctx.execute(
        ["pkg-config", "--static", "--cflags", "--libs", package],
    )
    if result.return_code != 0:
        fail("pkg-config does not know %s: run tools/setup\n%s" % (
            package,
            result.stderr,
        ))
    words = result.stdout.strip().split(" ")
    defines = [word[2:] for word in words if word.startswith("-D")]
    linkopts = [
        word
        for word in words
        if word.startswith("-l") or word.startswith("-Wl,") or
           word == "-pthread"
    ]
    return defines, linkopts

def _target(repository_ctx, name, package, extra_linkopts = []):
    defines, linkopts = [], []
    if package:
        defines, linkopts = _pkg_config(repository_ctx, package)
    return _TARGET.format(
        name = name,
        defines = repr(defines),
        linkopts = repr(extra_linkopts + linkopts),
    )

def _debian_library_impl(repository_ctx):
    build = _HEADER
    for name, packages in repository_ctx.attr.targets.items():
        extra = list(repository_ctx.attr.extra_linkopts.get(name, []))
        words = packages.split(" ")
        for more in words[1:]:
            extra += _pkg_config(repository_ctx, more)[1]
        build += _target(repository_ctx, name, words[0], extra)
    repository_ctx.file("BUILD.bazel", build)

debian_library = repository_rule(
    implementation = _debian_library_impl,
    doc = "cc_library targets for pkg-config packages.",
    attrs = {
        "targets": attr.string_dict(
            mandatory = True,
            doc = "target name -> pkg-config packages, separated by blanks; " +
                  "empty if there is none",
        ),
        "extra_linkopts": attr.string_list_dict(
            doc = "target name -> options that pkg-config does not give",
        ),
    },
    local = True,
)

def _debian_absl_impl(repository_ctx):
    for package, targets in _ABSL.items():
        build = _HEADER
        for target in targets:
            build += _target(repository_ctx, target, "absl_" + target)
        repository_ctx.file("absl/%s/BUILD.bazel" % package, build)
    repository_ctx.file("BUILD.bazel", "")

debian_absl = repository_rule(
    implementation = _debian_absl_impl,
    doc = "Debian's libabsl-dev as @com_google_absl//absl/<package>:<target>.",
    local = True,
)

def _bundled_impl(repository_ctx):
    for path, label in repository_ctx.attr.files.items():
        repository_ctx.symlink(repository_ctx.path(Label(label)), path)
    repository_ctx.file("WORKSPACE", "")

bundled_repository = repository_rule(
    implementation = _bundled_impl,
    doc = "A repository made of files that ringdist carries.",
    attrs = {
        "files": attr.string_dict(doc = "path in the repository -> label"),
    },
    local = True,
)
