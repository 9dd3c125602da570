"""Projects of Java, Scala and Clojure, and of .NET."""

from __future__ import annotations

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles, first, port
from flowcore.detection._providers import Framework, Manager, Plan, Provider, in_json, in_text

_GRADLE = ("build.gradle", "build.gradle.kts")
_SETTINGS = "src/main/resources/application"


def _server_port(project: ProjectFiles) -> tuple[int, str]:
    """Return the port that Spring's settings name, and the file."""
    forms = {
        f"{_SETTINGS}.properties": r"^[ \t]*(?:quarkus\.http|server)\.port\s{0,40}[=:]\s{0,40}(?:\$\{\w+:)?(\d{2,5})\b",
        f"{_SETTINGS}.yml": r"^server:[^\n]*\n(?:[ \t][^\n]*\n){0,20}?[ \t]+port:[ \t]*(?:\$\{\w+:)?(\d{2,5})\b",
        f"{_SETTINGS}.yaml": r"^server:[^\n]*\n(?:[ \t][^\n]*\n){0,20}?[ \t]+port:[ \t]*(?:\$\{\w+:)?(\d{2,5})\b",
    }
    for path, pattern in forms.items():
        found = port(first(pattern, project.text(path)))
        if found:
            return found, path
    return 0, ""


def _refine_java(project: ProjectFiles, plan: Plan) -> Plan:
    if plan.package_manager == "gradle":
        tool = "./gradlew" if project.has("gradlew") else "gradle"
        plan = evolve(plan, build=f"{tool} clean build -x check -x test", start="java -jar build/libs/*.jar")
    else:
        tool = "./mvnw" if project.has("mvnw") else "mvn"
        plan = evolve(plan, build=f"{tool} -DskipTests clean package", start="java -jar target/*.jar")
    if plan.framework == "quarkus":
        start = "build" if plan.package_manager == "gradle" else "target"
        plan = evolve(plan, start=f"java -jar {start}/quarkus-app/quarkus-run.jar")
    found, path = _server_port(project)
    return evolve(plan, port=found, port_reason=f"{path} names it") if found else plan


JAVA = Provider(
    name="java",
    language="Java",
    marks=("pom.xml", "build.gradle", "build.gradle.kts", "gradlew"),
    manifests=("pom.xml", *_GRADLE),
    pins=(
        in_text("system.properties", r"^[ \t]*java\.runtime\.version\s{0,40}=\s{0,40}(\S+)"),
        in_text(".java-version"),
        in_text("pom.xml", r"<java\.version>\s{0,40}([^<\s]+)", "java.version of pom.xml"),
        in_text(
            "pom.xml", r"<maven\.compiler\.(?:release|source|target)>\s{0,40}([^<\s$]+)", "maven.compiler of pom.xml"
        ),
        in_text("build.gradle*", r"JavaLanguageVersion\.of\(\s{0,40}[\"']?(\d+)", "toolchain of build.gradle"),
        in_text("build.gradle*", r"jvmToolchain\(\s{0,40}(\d+)", "toolchain of build.gradle"),
        in_text(
            "build.gradle*",
            r"sourceCompatibility\s{0,40}=?\s{0,40}(?:JavaVersion\.VERSION_|['\"])?([\d_.]+)",
            "sourceCompatibility of build.gradle",
        ),
    ),
    managers=(Manager(name="maven", marks=("pom.xml", "mvnw")), Manager(name="gradle", marks=(*_GRADLE, "gradlew"))),
    frameworks=(
        Framework(name="spring-boot", package="org.springframework.boot", port=8080),
        Framework(name="quarkus", package="io.quarkus", port=8080),
        Framework(name="micronaut", package="io.micronaut", port=8080),
        Framework(name="ktor", package="io.ktor", port=8080),
        Framework(name="dropwizard", package="io.dropwizard", port=8080),
        Framework(name="spark", package="com.sparkjava", port=4567),
        Framework(name="javalin", package="io.javalin", port=7070),
        Framework(name="vertx", package="io.vertx", port=8888),
    ),
    port=8080,
    refine=_refine_java,
)

SCALA = Provider(
    name="scala",
    language="Scala",
    marks=("build.sbt",),
    manifests=("build.sbt", "plugins.sbt"),
    pins=(in_text("build.sbt", r"scalaVersion\s{0,40}:=\s{0,40}\"([^\"]+)\""),),
    managers=(Manager(name="sbt"),),
    frameworks=(Framework(name="play", package="PlayScala", port=9000), Framework(name="http4s", package="http4s")),
    build="sbt stage",
    start="./target/universal/stage/bin/*",
    port=8080,
)

CLOJURE = Provider(
    name="clojure",
    language="Clojure",
    marks=("project.clj", "build.clj"),
    manifests=("project.clj", "deps.edn"),
    managers=(Manager(name="leiningen", marks=("project.clj",)), Manager(name="tools.build", marks=("build.clj",))),
    frameworks=(Framework(name="ring", package="ring", port=3000),),
    build="lein uberjar",
    start="java -jar target/uberjar/*-standalone.jar",
    port=3000,
    refine=lambda _, plan: (
        evolve(plan, build="clojure -T:build uber", start="java -jar target/*.jar")
        if plan.package_manager == "tools.build"
        else plan
    ),
)


def _refine_dotnet(project: ProjectFiles, plan: Plan) -> Plan:
    """Return the plan with the program's name: the project file's, unless it says ``AssemblyName``."""
    name = next(iter(project.matching("*.csproj", "*.fsproj")), "")
    text = project.text(name)
    program = first(r"<AssemblyName>\s{0,40}([\w.-]+)", text) or name.rpartition(".")[0]
    plan = evolve(plan, start=f"./out/{program}").because(f"{name} is the project")
    if "Microsoft.NET.Sdk.Web" in text:
        reason = "Nixpacks lets ASP.NET listen on it"
        plan = evolve(plan, framework="aspnet", port=3000, port_reason=reason).because(f"{name} is of the Web SDK")
    return plan


def _dotnet(name: str, language: str, mark: str) -> Provider:
    return Provider(
        name=name,
        language=language,
        marks=(mark,),
        manifests=(mark,),
        pins=(
            in_json("global.json", "sdk", "version"),
            in_text(mark, r"<TargetFrameworks?>\s{0,40}net(?:coreapp)?(\d[\d.]*)", f"TargetFramework of {mark}"),
        ),
        managers=(Manager(name="nuget", install="dotnet restore"),),
        frameworks=(Framework(name="aspnet", package="Microsoft.NET.Sdk.Web", port=3000),),
        build="dotnet publish --no-restore -c Release -o out",
        port=3000,
        refine=_refine_dotnet,
    )


CSHARP = _dotnet("csharp", "C#", "*.csproj")
FSHARP = _dotnet("fsharp", "F#", "*.fsproj")
