"""Projects of Python."""

from __future__ import annotations

import re

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles, first, inner, port
from flowcore.detection._providers import Framework, Manager, Plan, Provider, depends_on, in_text, in_toml

_MANIFESTS = ("requirements.txt", "requirements*.txt", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg")
_NAMES = ("main", "app", "server", "wsgi", "asgi", "application", "run", "api")
_FOLDERS = ("", "app/", "src/", "src/app/", "api/", "backend/")
_ENTRIES = tuple(f"{folder}{name}.py" for folder in _FOLDERS for name in (*_NAMES, "__init__"))
_ASGI = {"fastapi": "FastAPI", "starlette": "Starlette", "litestar": "Litestar", "quart": "Quart", "sanic": "Sanic"}


def _text(project: ProjectFiles) -> str:
    """Return the manifests without comments, so that a package that is only talked about does not count."""
    text = "\n".join(project.text(name) for name in project.matching(*_MANIFESTS))
    return re.sub(r"(?:^|[ \t])#.*", "", text, flags=re.MULTILINE)


def _object(project: ProjectFiles, maker: str) -> tuple[str, str, str]:
    """Return file, module and name of the object that a file makes by calling *maker*; empty when none does."""
    for path in _ENTRIES:
        name = first(rf"^([A-Za-z_]\w*)[ \t]*(?::[^=\n]*)?=[ \t]*(?:\w+\.)?{maker}\(", project.text(path))
        if name:
            return path, path.removesuffix(".py").removesuffix("/__init__").replace("/", "."), name
    return "", "", ""


def _django(project: ProjectFiles, text: str, plan: Plan) -> Plan:
    settings = first(r"DJANGO_SETTINGS_MODULE['\"],\s{0,40}['\"]([\w.]+)['\"]", project.text("manage.py"))
    package = settings.partition(".")[0]
    if package and depends_on(text, "gunicorn"):
        found = evolve(plan, start=f"gunicorn {package}.wsgi --bind 0.0.0.0:8000")
        return found.because(f"manage.py takes its settings from {settings}, and gunicorn is a dependency")
    return evolve(plan, start="python manage.py migrate && python manage.py runserver 0.0.0.0:8000").because(
        "manage.py is there, and gunicorn is no dependency"
    )


def _asgi(project: ProjectFiles, text: str, plan: Plan) -> Plan:
    path, module, name = _object(project, _ASGI[plan.framework])
    if not name:
        return plan
    server = "hypercorn --bind 0.0.0.0:8000" if depends_on(text, "hypercorn") else "uvicorn --host 0.0.0.0 --port 8000"
    command = f"{server} {module}:{name}"
    return evolve(plan, start=command).because(f"{path} makes the application {name}")


def _flask(project: ProjectFiles, text: str, plan: Plan) -> Plan:
    path, module, name = _object(project, "Flask")
    if not name:
        return plan
    plan = plan.because(f"{path} makes the application {name}")
    if depends_on(text, "gunicorn"):
        found = evolve(plan, start=f"gunicorn {module}:{name} --bind 0.0.0.0:8000")
        return evolve(found, port=8000, port_reason="the start command binds it")
    return evolve(plan, start=f"flask --app {module}:{name} run --host 0.0.0.0 --port 5000")


def _refine(project: ProjectFiles, plan: Plan) -> Plan:
    text = _text(project)
    if project.has("manage.py") and (plan.framework == "django" or "django" in project.text("manage.py")):
        plan = evolve(plan, framework="django", port=8000, port_reason="default of django")
        plan = _django(project, text, plan)
    elif plan.framework in _ASGI:
        plan = _asgi(project, text, plan)
    elif plan.framework == "flask":
        plan = _flask(project, text, plan)
    elif plan.framework in ("streamlit", "gradio"):
        plan = _script(project, plan, "streamlit run" if plan.framework == "streamlit" else "python")
    return _runner(plan if plan.start else _fallback(project, plan))


def _script(project: ProjectFiles, plan: Plan, runner: str) -> Plan:
    entry = next(filter(project.has, ("streamlit_app.py", *_ENTRIES)), "")
    return evolve(plan, start=f"{runner} {entry}") if entry else plan


def _fallback(project: ProjectFiles, plan: Plan) -> Plan:
    entry = next(filter(project.has, ("main.py", "app.py", "server.py", "run.py", "src/main.py", "app/main.py")), "")
    if entry:
        plan = evolve(plan, start=f"python {entry}").because(f"{entry} is the entry")
        found = port(first(r"\bport\s{0,9}=\s{0,9}(\d{2,5})\b", project.text(entry)))
        return evolve(plan, port=found, port_reason=f"{entry} listens on it") if found else plan
    scripts = inner(project.toml("pyproject.toml"), "project", "scripts")
    command = (
        next((name for name in scripts if re.fullmatch(r"[\w.-]+", name)), "") if isinstance(scripts, dict) else ""
    )
    if command:
        return evolve(plan, start=command).because(f"pyproject.toml declares the command {command}")
    return plan


def _runner(plan: Plan) -> Plan:
    """Return the plan with its command inside the environment that the package manager makes."""
    runners = {"poetry": "poetry run", "pdm": "pdm run", "pipenv": "pipenv run", "uv": "uv run"}
    runner = runners.get(plan.package_manager, "")
    return (
        evolve(plan, start=f"{runner} {plan.start.replace('&& ', f'&& {runner} ')}") if runner and plan.start else plan
    )


PYTHON = Provider(
    name="python",
    language="Python",
    marks=("requirements.txt", "pyproject.toml", "Pipfile", "setup.py", "manage.py", "main.py", "app.py"),
    manifests=_MANIFESTS,
    pins=(
        in_text(".python-version"),
        in_text("runtime.txt", r"^[ \t]*python-(\S+)"),
        in_toml("pyproject.toml", "project", "requires-python"),
        in_toml("pyproject.toml", "tool", "poetry", "dependencies", "python"),
        in_toml("Pipfile", "requires", "python_version"),
        in_text(".tool-versions", r"^python[ \t]+(\S+)"),
        in_text("setup.py", r"python_requires\s{0,40}=\s{0,40}['\"]([^'\"\n]+)['\"]"),
    ),
    managers=(
        Manager(name="uv", marks=("uv.lock",), install="uv sync --frozen --no-dev"),
        Manager(name="poetry", marks=("poetry.lock",), install="poetry install --no-root --only main"),
        Manager(name="pdm", marks=("pdm.lock",), install="pdm install --prod"),
        Manager(name="pipenv", marks=("Pipfile", "Pipfile.lock"), install="pipenv install --deploy"),
        Manager(name="pip", marks=("requirements.txt",), install="pip install -r requirements.txt"),
        Manager(name="pip", marks=("pyproject.toml", "setup.py"), install="pip install ."),
    ),
    frameworks=(
        Framework(name="django", package="django", port=8000),
        Framework(name="fastapi", package="fastapi", port=8000),
        Framework(name="litestar", package="litestar", port=8000),
        Framework(name="flask", package="flask", port=5000),
        Framework(name="quart", package="quart", port=8000),
        Framework(name="sanic", package="sanic", port=8000),
        Framework(name="streamlit", package="streamlit", port=8501),
        Framework(name="gradio", package="gradio", port=7860),
        Framework(name="starlette", package="starlette", port=8000),
        Framework(name="aiohttp", package="aiohttp", port=8080),
        Framework(name="tornado", package="tornado", port=8888),
        Framework(name="bottle", package="bottle", port=8080),
    ),
    port=8000,
    dependencies=_text,
    refine=_refine,
)
