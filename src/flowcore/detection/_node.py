"""Projects of Node.js, and of Deno."""

from __future__ import annotations

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles, first, inner, line, port
from flowcore.detection._providers import Framework, Manager, Pin, Plan, Provider, in_json, in_text

_ENTRIES = ("server.js", "index.js", "app.js", "main.js", "server.mjs", "index.mjs", "server.ts", "index.ts")
_INSTALLS = {
    "npm": "npm install",
    "pnpm": "pnpm install --frozen-lockfile",
    "yarn": "yarn install --frozen-lockfile",
    "bun": "bun install --frozen-lockfile",
}
_LISTEN = r"(?:\bPORT\s{0,9}(?:\|\||\?\?)\s{0,9}|\.listen\(\s{0,9})['\"]?(\d{2,5})\b"
#: Frameworks whose build is a folder of plain files, with the name of that folder.
_BUNDLES = {"vite": "dist", "create-react-app": "build", "vue-cli": "dist", "angular": "dist", "gatsby": "public"}


def _packages(project: ProjectFiles) -> str:
    manifest = project.json("package.json")
    kinds = ("dependencies", "devDependencies", "peerDependencies")
    tables = [inner(manifest, kind) for kind in kinds]
    return "\n".join(name for table in tables if isinstance(table, dict) for name in table)


def _refine(project: ProjectFiles, plan: Plan) -> Plan:
    manifest = project.json("package.json")
    plan = _chosen_manager(manifest.get("packageManager"), plan)
    manager = plan.package_manager
    if line(inner(manifest, "scripts", "build")):
        plan = evolve(plan, build=f"{manager} run build").because("package.json has a build script")
    if manifest.get("workspaces") or project.has("pnpm-workspace.yaml"):
        plan = plan.because("it is a workspace of several packages")
    return _start(project, manifest, plan)


def _chosen_manager(field: object, plan: Plan) -> Plan:
    """Return the plan with the manager that ``packageManager`` (``pnpm@9.1.0``) names."""
    name, _, version = line(field).partition("@")
    if name not in _INSTALLS:
        return plan
    install = _INSTALLS[name]
    if name == "yarn" and not version.startswith(("0", "1")):
        install = "yarn install --immutable"
    if name == "npm" and plan.install.startswith("npm"):
        install = plan.install
    chosen = evolve(plan, package_manager=name, install=install)
    return chosen.because(f"packageManager of package.json names {name}")


def _start(project: ProjectFiles, manifest: dict[str, object], plan: Plan) -> Plan:
    if line(inner(manifest, "scripts", "start")):
        plan = evolve(plan, start=f"{plan.package_manager} run start").because("package.json has a start script")
        entry = line(manifest.get("main")) or "index.js"
        return _listening(project, next(filter(project.has, (entry, *_ENTRIES)), ""), plan)
    if plan.start:
        return plan  # the framework's own
    main = line(manifest.get("main"))
    entry = main if main and project.has(main.removeprefix("./")) else next(filter(project.has, _ENTRIES), "")
    if entry:
        runner = "bun" if plan.package_manager == "bun" else "npx tsx" if entry.endswith(".ts") else "node"
        return _listening(project, entry, evolve(plan, start=f"{runner} {entry}").because(f"{entry} is the entry"))
    if plan.framework in _BUNDLES:
        folder = _BUNDLES[plan.framework]
        return plan.because(f"the build makes plain files in {folder}/, which a web server has to serve")
    return plan.because("package.json names neither a start script nor a main file")


def _listening(project: ProjectFiles, entry: str, plan: Plan) -> Plan:
    """Return the plan with the port that the entry's own text listens on."""
    found = port(first(_LISTEN, project.text(entry))) if entry else 0
    return evolve(plan, port=found, port_reason=f"{entry} listens on it") if found else plan


NODE = Provider(
    name="node",
    language="Node.js",
    marks=("package.json",),
    manifests=("package.json",),
    pins=(
        in_text(".nvmrc"),
        in_text(".node-version"),
        in_json("package.json", "engines", "node"),
        in_text(".tool-versions", r"^nodejs[ \t]+(\S+)"),
        in_json("package.json", "volta", "node"),
    ),
    managers=(
        Manager(name="pnpm", marks=("pnpm-lock.yaml",), install=_INSTALLS["pnpm"]),
        Manager(name="yarn", marks=("yarn.lock",), install=_INSTALLS["yarn"]),
        Manager(name="bun", marks=("bun.lockb", "bun.lock"), install=_INSTALLS["bun"]),
        Manager(name="npm", marks=("package-lock.json", "npm-shrinkwrap.json"), install="npm ci"),
        Manager(name="npm", install=_INSTALLS["npm"]),
    ),
    frameworks=(
        Framework(name="next", package="next", port=3000, start="npx next start"),
        Framework(name="nuxt", package="nuxt", port=3000, start="node .output/server/index.mjs"),
        Framework(name="remix", package="@remix-run/node", port=3000),
        Framework(name="sveltekit", package="@sveltejs/kit", port=3000),
        Framework(name="astro", package="astro", port=4321),
        Framework(name="gatsby", package="gatsby", port=9000),
        Framework(name="angular", package="@angular/core", port=4200),
        Framework(name="nest", package="@nestjs/core", port=3000, start="node dist/main"),
        Framework(name="strapi", package="@strapi/strapi", port=1337),
        Framework(name="create-react-app", package="react-scripts", port=3000),
        Framework(name="vue-cli", package="@vue/cli-service", port=8080),
        Framework(name="express", package="express", port=3000),
        Framework(name="fastify", package="fastify", port=3000),
        Framework(name="koa", package="koa", port=3000),
        Framework(name="hapi", package="@hapi/hapi", port=3000),
        Framework(name="hono", package="hono", port=3000),
        Framework(name="vite", package="vite", port=5173),
    ),
    install="npm install",
    port=3000,
    dependencies=_packages,
    refine=_refine,
)


def _refine_deno(project: ProjectFiles, plan: Plan) -> Plan:
    name = next(filter(project.has, ("deno.json", "deno.jsonc")), "")
    tasks = inner(project.json(name), "tasks") if name == "deno.json" else None
    if line(inner(tasks, "start")):
        return evolve(plan, start="deno task start").because("deno.json has a start task")
    entry = next(filter(project.has, ("main.ts", "server.ts", "mod.ts", "index.ts")), "")
    return evolve(plan, start=f"deno run --allow-all {entry}" if entry else "")


DENO = Provider(
    name="deno",
    language="Deno",
    marks=("deno.json", "deno.jsonc", "deno.lock"),
    manifests=("deno.json", "deno.jsonc"),
    pins=(in_text(".dvmrc"), Pin(where=".deno-version", read=lambda project: line(project.text(".deno-version")))),
    frameworks=(Framework(name="fresh", package="$fresh/", port=8000), Framework(name="oak", package="oak", port=8000)),
    port=8000,
    refine=_refine_deno,
)
