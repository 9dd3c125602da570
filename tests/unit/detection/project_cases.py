"""Small projects, each with what has to be found out about it."""

from __future__ import annotations

import json
from typing import Any

from attrs import frozen


@frozen
class Case:
    """A project: its files, and the fields of ``Detected`` that matter here."""

    name: str
    files: dict[str, str]
    found: dict[str, Any]


def case(name: str, files: dict[str, str], **found: Any) -> Case:
    """Return a case."""
    return Case(name, files, found)


def package(*dependencies: str, **fields: Any) -> str:
    """Return a ``package.json``."""
    return json.dumps({"name": "shop", "dependencies": dict.fromkeys(dependencies, "^1.0.0"), **fields})


POM = """<project><groupId>org.example</groupId><properties>
<java.version>17</java.version></properties>{}</project>"""
BOOT = "<parent><groupId>org.springframework.boot</groupId></parent>"
WEB_SDK = '<Project Sdk="Microsoft.NET.Sdk.Web"><TargetFramework>net8.0</TargetFramework></Project>'
MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI(title='x')\n"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"
START = {"scripts": {"start": "node server.js"}}

NODE = [
    case("npm without a lock", {"package.json": package()}, provider="node", install="npm install", port=3000),
    case("npm", {"package.json": package(), "package-lock.json": "{}"}, install="npm ci", package_manager="npm"),
    case("pnpm", {"package.json": package(**START), "pnpm-lock.yaml": ""}, start="pnpm run start"),
    case("yarn", {"package.json": package(), "yarn.lock": ""}, install="yarn install --frozen-lockfile"),
    case("bun", {"package.json": package(), "bun.lockb": "", "index.ts": ""}, start="bun index.ts"),
    case("corepack", {"package.json": package(packageManager="pnpm@9.1.0")}, package_manager="pnpm"),
    case("yarn berry", {"package.json": package(packageManager="yarn@4.1.0")}, install="yarn install --immutable"),
    case("nvmrc", {"package.json": package(), ".nvmrc": "v20.11.1\n"}, version="20.11.1"),
    case("engines", {"package.json": package(engines={"node": ">=18"})}, version=">=18"),
    case("next", {"package.json": package("next", "react")}, framework="next", start="npx next start", port=3000),
    case("not next", {"package.json": package("next-auth")}, framework=""),
    case("nuxt", {"package.json": package("nuxt")}, framework="nuxt", start="node .output/server/index.mjs"),
    case("nest", {"package.json": package("@nestjs/core", "express")}, framework="nest", start="node dist/main"),
    case("astro", {"package.json": package("astro")}, framework="astro", port=4321),
    case("angular", {"package.json": package("@angular/core")}, framework="angular", port=4200),
    case("react", {"package.json": package("react-scripts")}, framework="create-react-app", port=3000),
    case("vue", {"package.json": package("@vue/cli-service")}, framework="vue-cli", port=8080),
    case("vite", {"package.json": package(devDependencies={"vite": "5"})}, framework="vite", port=5173, start=""),
    case("build", {"package.json": package(scripts={"build": "tsc"})}, build="npm run build"),
    case(
        "express that listens",
        {"package.json": package("express"), "server.js": "app.listen(process.env.PORT || 4000)"},
        start="node server.js",
        port=4000,
        port_reason="server.js listens on it",
    ),
    case("main", {"package.json": package(main="lib/a.js"), "lib/a.js": ""}, start="node lib/a.js"),
    case("main outside", {"package.json": package(main="../../etc/passwd")}, start=""),
    case("port of a script", {"package.json": package("next", scripts={"start": "next start -p 8081"})}, port=8081),
    case("broken", {"package.json": "{"}, provider="node", framework="", start=""),
    case("odd", {"package.json": '{"scripts": [], "dependencies": 3, "engines": {"node": 20}}'}, provider="node"),
    case("deno", {"deno.json": '{"tasks": {"start": "deno run main.ts"}}'}, provider="deno", start="deno task start"),
]
PYTHON = [
    case("requirements", {"requirements.txt": "requests\n"}, provider="python", package_manager="pip", port=8000),
    case(
        "django with gunicorn",
        {"requirements.txt": "Django==5.0\ngunicorn\n", "manage.py": MANAGE},
        framework="django",
        start="gunicorn shop.wsgi --bind 0.0.0.0:8000",
        port=8000,
    ),
    case(
        "django alone",
        {"requirements.txt": "Django\n", "manage.py": MANAGE},
        start="python manage.py migrate && python manage.py runserver 0.0.0.0:8000",
    ),
    case(
        "fastapi",
        {"requirements.txt": "fastapi[standard]>=0.110\n", "app/main.py": FASTAPI},
        framework="fastapi",
        start="uvicorn --host 0.0.0.0 --port 8000 app.main:app",
        port=8000,
    ),
    case(
        "poetry",
        {
            "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.11"\nfastapi = "*"\n',
            "poetry.lock": "",
            "main.py": FASTAPI,
        },
        package_manager="poetry",
        version="^3.11",
        start="poetry run uvicorn --host 0.0.0.0 --port 8000 main:app",
    ),
    case(
        "flask",
        {"requirements.txt": "flask", "app.py": FLASK},
        framework="flask",
        port=5000,
        start="flask --app app:app run --host 0.0.0.0 --port 5000",
    ),
    case(
        "flask with gunicorn",
        {"requirements.txt": "flask\ngunicorn", "wsgi.py": FLASK},
        port=8000,
        start="gunicorn wsgi:app --bind 0.0.0.0:8000",
    ),
    case("flask in a comment", {"requirements.txt": "requests # fastapi\n# flask\n"}, framework=""),
    case(
        "uv",
        {"pyproject.toml": '[project]\nrequires-python = ">=3.12"\n', "uv.lock": "", "main.py": ""},
        package_manager="uv",
        version=">=3.12",
        start="uv run python main.py",
    ),
    case("pipenv", {"Pipfile": '[requires]\npython_version = "3.10"\n'}, package_manager="pipenv", version="3.10"),
    case("python-version", {"requirements.txt": "", ".python-version": "3.12.1\n"}, version="3.12.1"),
    case("runtime", {"requirements.txt": "", "runtime.txt": "python-3.9.18"}, version="3.9.18"),
    case("streamlit", {"requirements.txt": "streamlit", "app.py": ""}, port=8501, start="streamlit run app.py"),
    case("script of the project", {"pyproject.toml": '[project.scripts]\nshop = "shop:main"\n'}, start="shop"),
    case("port in the entry", {"main.py": "serve(host='0.0.0.0', port=9001)\n"}, port=9001, start="python main.py"),
    case(
        "procfile",
        {"requirements.txt": "", "Procfile": "web: gunicorn a:b -b 0.0.0.0:9000\nworker: x\n"},
        start="gunicorn a:b -b 0.0.0.0:9000",
        port=9000,
    ),
    case("procfile with a variable", {"requirements.txt": "", "Procfile": "web: x --port ${PORT:-7000}"}, port=7000),
    case("part of another name", {"requirements.txt": "my-flask\nflask-login\n"}, framework=""),
    case("procfile of releases", {"main.py": "", "Procfile": "release: migrate"}, start="python main.py"),
    case("broken pyproject", {"pyproject.toml": "[project"}, provider="python", version=""),
]
COMPILED = [
    case(
        "go",
        {"go.mod": "module example.org/a\n\ngo 1.22\n", "main.go": 'http.ListenAndServe(":9090", nil)'},
        provider="go",
        version="1.22",
        build="go build -o out .",
        start="./out",
        port=9090,
    ),
    case(
        "go in cmd",
        {"go.mod": "module a\ngo 1.21\n", "cmd/api/main.go": "", "cmd/tool/main.go": ""},
        build="go build -o out ./cmd/api",
    ),
    case(
        "gin",
        {"go.mod": "module a\nrequire github.com/gin-gonic/gin v1.9.1\n", "main.go": ""},
        framework="gin",
        port=8080,
    ),
    case(
        "gin of others", {"go.mod": "module a\nrequire (\n github.com/gin-gonic/gin v1 // indirect\n)\n"}, framework=""
    ),
    case(
        "rust",
        {"Cargo.toml": '[package]\nname = "shop"\nrust-version = "1.75"\n[dependencies]\naxum = "0.7"\n'},
        provider="rust",
        framework="axum",
        start="./target/release/shop",
        version="1.75",
        port=3000,
    ),
    case("rust toolchain", {"Cargo.toml": "[package]\nname = 'a'\n", "rust-toolchain": "1.70.0\n"}, version="1.70.0"),
    case(
        "rust toolchain as a table",
        {"Cargo.toml": "[package]\nname = 'a'\n", "rust-toolchain.toml": '[toolchain]\nchannel = "nightly"\n'},
        version="nightly",
    ),
    case("rust binds", {"Cargo.toml": "[package]\nname = 'a'\n", "src/main.rs": 'bind("0.0.0.0:8111")'}, port=8111),
]
JVM_DOTNET = [
    case("maven", {"pom.xml": POM.format("")}, provider="java", package_manager="maven", version="17", port=8080),
    case(
        "spring",
        {"pom.xml": POM.format(BOOT), "mvnw": ""},
        framework="spring-boot",
        build="./mvnw -DskipTests clean package",
        start="java -jar target/*.jar",
    ),
    case(
        "port of spring",
        {"pom.xml": POM.format(BOOT), "src/main/resources/application.properties": "server.port=8085\n"},
        port=8085,
    ),
    case(
        "port of spring in YAML",
        {
            "pom.xml": POM.format(BOOT),
            "src/main/resources/application.yml": "server:\n  servlet:\n    x: y\n  port: ${PORT:8086}\n",
        },
        port=8086,
    ),
    case(
        "gradle",
        {"build.gradle.kts": "java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }", "gradlew": ""},
        package_manager="gradle",
        version="21",
        build="./gradlew clean build -x check -x test",
    ),
    case("sparkjava", {"pom.xml": POM.format("<groupId>com.sparkjava</groupId>")}, framework="spark", port=4567),
    case(
        "scala",
        {"build.sbt": 'scalaVersion := "3.3.1"\nenablePlugins(PlayScala)\n'},
        provider="scala",
        framework="play",
        version="3.3.1",
        port=9000,
    ),
    case("clojure", {"project.clj": '(defproject a "1")'}, provider="clojure", build="lein uberjar"),
    case("aspnet", {"Shop.csproj": WEB_SDK}, provider="csharp", framework="aspnet", version="8.0", start="./out/Shop"),
    case("global.json", {"Shop.csproj": WEB_SDK, "global.json": '{"sdk": {"version": "8.0.100"}}'}, version="8.0.100"),
    case(
        "fsharp",
        {"Shop.fsproj": "<Project><AssemblyName>go</AssemblyName></Project>"},
        provider="fsharp",
        start="./out/go",
    ),
]
OTHERS = [
    case(
        "rails",
        {"Gemfile": "source 'x'\nruby '3.2.2'\ngem 'rails'\ngem 'puma'\n", "config/puma.rb": ""},
        provider="ruby",
        framework="rails",
        version="3.2.2",
        start="bundle exec puma -C config/puma.rb",
        port=3000,
    ),
    case("ruby-version", {"Gemfile": "", ".ruby-version": "ruby-3.3.0\n"}, version="3.3.0"),
    case(
        "sinatra",
        {"Gemfile": "gem 'sinatra'", "app.rb": ""},
        framework="sinatra",
        port=4567,
        start="bundle exec ruby app.rb",
    ),
    case(
        "rack",
        {"Gemfile": "gem 'rack'", "config.ru": ""},
        port=9292,
        start="bundle exec rackup config.ru -o 0.0.0.0 -p 9292",
    ),
    case("php", {"index.php": "<?php"}, provider="php", port=80, start="php -S 0.0.0.0:80 -t ."),
    case(
        "laravel",
        {
            "composer.json": '{"require": {"php": "^8.2", "laravel/framework": "^11"}}',
            "artisan": "",
            "package.json": "{}",
        },
        provider="php",
        framework="laravel",
        version="^8.2",
        port=8000,
        others=("node",),
    ),
    case(
        "symfony",
        {"composer.json": '{"require": {"symfony/framework-bundle": "7"}}', "public/index.php": ""},
        framework="symfony",
        start="php -S 0.0.0.0:80 -t public",
    ),
    case(
        "phoenix",
        {"mix.exs": 'elixir: "~> 1.15",\n{:phoenix, "~> 1.7"}'},
        provider="elixir",
        framework="phoenix",
        version="~> 1.15",
        start="mix phx.server",
        port=4000,
    ),
    case("crystal", {"shard.yml": "name: a\ncrystal: 1.10.0\n"}, provider="crystal", version="1.10.0"),
    case("dart", {"pubspec.yaml": "name: a\nenvironment:\n  sdk: ^3.2.0\n"}, provider="dart", version="^3.2.0"),
    case(
        "vapor",
        {"Package.swift": '// swift-tools-version:5.9\n.package(url: "https://x/vapor.git")'},
        provider="swift",
        version="5.9",
    ),
    case("haskell", {"stack.yaml": "resolver: lts-21.0\n"}, provider="haskell", package_manager="stack"),
    case("zig", {"build.zig": ""}, provider="zig"),
    case("gleam", {"gleam.toml": 'name = "a"\n'}, provider="gleam"),
    case("haunt", {"haunt.scm": ""}, provider="scheme"),
    case("cobol", {"index.cbl": ""}, provider="cobol", port=0),
    case("static", {"index.html": "<h1>"}, provider="staticfile", port=80),
]
DOCKER = [
    case(
        "dockerfile alone",
        {"Dockerfile": "FROM a\nEXPOSE 9000/tcp\n"},
        provider="",
        method="dockerfile",
        port=9000,
        port_reason="EXPOSE of Dockerfile",
    ),
    case(
        "dockerfile beside node",
        {"Dockerfile": "FROM node\nEXPOSE 8088\n", "package.json": package("express")},
        provider="node",
        method="dockerfile",
        port=8088,
    ),
    case("dockerfile without a port", {"Dockerfile": "FROM node\n", "package.json": package("express")}, port=3000),
]
CASES = [*NODE, *PYTHON, *COMPILED, *JVM_DOTNET, *OTHERS, *DOCKER]
