"""Providers that need no more than their row, and static files."""

from __future__ import annotations

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles
from flowcore.detection._providers import Framework, Manager, Plan, Provider, in_text

ELIXIR = Provider(
    name="elixir",
    language="Elixir",
    marks=("mix.exs",),
    manifests=("mix.exs",),
    pins=(
        in_text(".elixir-version"),
        in_text(".tool-versions", r"^elixir[ \t]+(\S+)"),
        in_text("mix.exs", r"elixir:\s{0,40}\"([^\"\n]+)\""),
    ),
    managers=(Manager(name="mix", install="mix deps.get --only prod"),),
    frameworks=(Framework(name="phoenix", package="phoenix", port=4000, start="mix phx.server"),),
    build="mix compile",
    start="mix run --no-halt",
    port=4000,
)

CRYSTAL = Provider(
    name="crystal",
    language="Crystal",
    marks=("shard.yml",),
    manifests=("shard.yml",),
    pins=(in_text("shard.yml", r"^crystal:\s{0,40}[\"']?([^\"'\n]+)"),),
    managers=(Manager(name="shards", install="shards install"),),
    frameworks=(
        Framework(name="kemal", package="kemal", port=3000),
        Framework(name="lucky", package="lucky", port=3000),
    ),
    build="shards build --release",
    start="./bin/*",
    port=3000,
)

DART = Provider(
    name="dart",
    language="Dart",
    marks=("pubspec.yaml",),
    manifests=("pubspec.yaml",),
    pins=(in_text("pubspec.yaml", r"^[ \t]+sdk:\s{0,40}[\"']?([^\"'\n]+)"),),
    managers=(Manager(name="pub", install="dart pub get"),),
    frameworks=(Framework(name="shelf", package="shelf", port=8080), Framework(name="flutter", package="flutter")),
    build="dart compile exe bin/*.dart -o out",
    start="./out",
    port=8080,
)

SWIFT = Provider(
    name="swift",
    language="Swift",
    marks=("Package.swift",),
    manifests=("Package.swift",),
    pins=(in_text(".swift-version"), in_text("Package.swift", r"swift-tools-version:\s{0,40}([\d.]+)")),
    managers=(Manager(name="swift package manager", install="swift package resolve"),),
    frameworks=(Framework(name="vapor", package="vapor", port=8080),),
    build="swift build -c release --static-swift-stdlib",
    port=8080,
)

HASKELL = Provider(
    name="haskell",
    language="Haskell",
    marks=("stack.yaml", "package.yaml", "*.cabal"),
    manifests=("package.yaml", "*.cabal"),
    pins=(in_text("stack.yaml", r"^(?:resolver|snapshot):\s{0,40}(\S+)"),),
    managers=(
        Manager(name="stack", marks=("stack.yaml", "package.yaml"), install="stack setup"),
        Manager(name="cabal"),
    ),
    frameworks=(
        Framework(name="yesod", package="yesod", port=3000),
        Framework(name="scotty", package="scotty", port=3000),
        Framework(name="servant", package="servant-server", port=8080),
    ),
    build="stack install",
    port=3000,
)

ZIG = Provider(
    name="zig",
    language="Zig",
    marks=("build.zig", "main.zig"),
    pins=(in_text(".zig-version"), in_text("build.zig.zon", r"minimum_zig_version\s{0,40}=\s{0,40}\"([^\"\n]+)\"")),
    build="zig build -Doptimize=ReleaseSafe",
    start="./zig-out/bin/*",
    port=8080,
)

GLEAM = Provider(
    name="gleam",
    language="Gleam",
    marks=("gleam.toml",),
    manifests=("gleam.toml",),
    pins=(in_text("gleam.toml", r"^gleam\s{0,40}=\s{0,40}\"([^\"\n]+)\"", "gleam of gleam.toml"),),
    frameworks=(Framework(name="wisp", package="wisp", port=8000), Framework(name="mist", package="mist", port=8000)),
    build="gleam export erlang-shipment",
    start="./build/erlang-shipment/entrypoint.sh run",
    port=8000,
)

SCHEME = Provider(
    name="scheme",
    language="Scheme (Haunt)",
    marks=("haunt.scm",),
    build="haunt build",
    start="haunt serve",
    port=8080,
)

COBOL = Provider(name="cobol", language="COBOL", marks=("*.cbl", "*.cob"), build="cobc -x -o out *.cbl", start="./out")


def _refine_static(project: ProjectFiles, plan: Plan) -> Plan:
    roots = [("Staticfile", ""), ("index.html", "."), ("public/index.html", "public"), ("dist/index.html", "dist")]
    root = next((folder for name, folder in roots if folder and project.has(name)), ".")
    return evolve(plan, port=80, port_reason="web servers serve files on it").because(f"files are served from {root}")


STATIC = Provider(
    name="staticfile",
    language="Static files",
    marks=("Staticfile", "index.html"),
    port=80,
    refine=_refine_static,
)
