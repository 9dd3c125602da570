"""Projects of Go and Rust, whose build is one program."""

from __future__ import annotations

import re

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles, first, inner, line, port
from flowcore.detection._providers import Framework, Manager, Plan, Provider, in_text, in_toml

#: ``":8080"`` where a server is started; an address in another place is somebody else's.
_GO_BIND = r"(?:Listen\w{0,30}|Run|Start\w{0,30}|Addr:?)\s{0,40}(?:\(|:|=)?\s{0,40}\"[\w.]{0,100}:(\d{2,5})\""
_RUST_BIND = r"\"(?:0\.0\.0\.0|127\.0\.0\.1|\[::\]):(\d{2,5})\""


def _bound(plan: Plan, pattern: str, path: str, text: str) -> Plan:
    found = port(first(pattern, text))
    return evolve(plan, port=found, port_reason=f"{path} listens on it") if found else plan


def _required(project: ProjectFiles) -> str:
    """Return ``go.mod`` without what only other modules need."""
    return "\n".join(row for row in project.text("go.mod").splitlines() if "// indirect" not in row)


def _refine_go(project: ProjectFiles, plan: Plan) -> Plan:
    commands = [name for name in project.folders("cmd") if project.has(f"cmd/{name}/main.go")]
    if project.has("main.go"):
        return _bound(plan, _GO_BIND, "main.go", project.text("main.go"))
    if not commands:
        return plan.because("there is no main.go, neither here nor in cmd/*")
    name = next((found for found in commands if found in ("server", "api", "web", "app")), commands[0])
    path = f"cmd/{name}/main.go"
    plan = evolve(plan, build=f"go build -o out ./cmd/{name}").because(f"{path} is the entry")
    if len(commands) > 1:
        plan = plan.because(f"cmd/ has {len(commands)} programs: {', '.join(line(found) for found in commands[:10])}")
    return _bound(plan, _GO_BIND, path, project.text(path))


GO = Provider(
    name="go",
    language="Go",
    marks=("go.mod", "main.go", "go.work"),
    manifests=("go.mod",),
    pins=(
        in_text("go.mod", r"^toolchain[ \t]+go(\d[\w.]*)", "toolchain of go.mod"),
        in_text("go.mod", r"^go[ \t]+(\d[\w.]*)"),
        in_text("go.work", r"^go[ \t]+(\d[\w.]*)"),
        in_text(".go-version"),
    ),
    managers=(Manager(name="go modules", marks=("go.mod",), install="go mod download"),),
    frameworks=(
        Framework(name="gin", package="github.com/gin-gonic/gin", port=8080),
        Framework(name="echo", package="github.com/labstack/echo", port=1323),
        Framework(name="fiber", package="github.com/gofiber/fiber", port=3000),
        Framework(name="chi", package="github.com/go-chi/chi", port=3000),
        Framework(name="gorilla", package="github.com/gorilla/mux", port=8080),
        Framework(name="beego", package="github.com/beego/beego", port=8080),
    ),
    build="go build -o out .",
    start="./out",
    port=8080,
    dependencies=_required,
    refine=_refine_go,
)


def _program(project: ProjectFiles) -> str:
    """Return the name of the program: the default one, the first that is declared, or the package's."""
    manifest = project.toml("Cargo.toml")
    package = manifest.get("package")
    bins = manifest.get("bin")
    names = [line(inner(entry, "name")) for entry in bins] if isinstance(bins, list) else []
    candidates = [line(inner(package, "default-run")), *names, line(inner(package, "name"))]
    return next((name for name in candidates if re.fullmatch(r"[\w-]+", name)), "")


def _refine_rust(project: ProjectFiles, plan: Plan) -> Plan:
    if inner(project.toml("Cargo.toml"), "workspace") is not None:
        plan = plan.because("it is a workspace of several crates")
    name = _program(project)
    if not name:
        return plan.because("Cargo.toml names no package")
    if inner(project.toml("Cargo.toml"), "lib") is not None and not project.has("src/main.rs"):
        plan = plan.because("it may be a library: src/main.rs is missing")
    plan = evolve(plan, start=f"./target/release/{name}").because(f"Cargo.toml names the program {name}")
    return _bound(plan, _RUST_BIND, "src/main.rs", project.text("src/main.rs"))


RUST = Provider(
    name="rust",
    language="Rust",
    marks=("Cargo.toml",),
    manifests=("Cargo.toml",),
    pins=(
        in_toml("rust-toolchain.toml", "toolchain", "channel"),
        in_text("rust-toolchain", r"^[ \t]*(?:channel\s{0,40}=\s{0,40}\")?([\w.-]+)\"?[ \t]*$"),
        in_toml("Cargo.toml", "package", "rust-version"),
    ),
    managers=(Manager(name="cargo", install="cargo fetch"),),
    frameworks=(
        Framework(name="actix", package="actix-web", port=8080),
        Framework(name="axum", package="axum", port=3000),
        Framework(name="rocket", package="rocket", port=8000),
        Framework(name="warp", package="warp", port=3030),
        Framework(name="poem", package="poem", port=3000),
        Framework(name="hyper", package="hyper", port=3000),
    ),
    build="cargo build --release",
    port=8080,
    refine=_refine_rust,
)
