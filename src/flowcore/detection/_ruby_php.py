"""Projects of Ruby and PHP."""

from __future__ import annotations

from attrs import evolve

from flowcore.detection._project_files import ProjectFiles
from flowcore.detection._providers import Framework, Manager, Plan, Provider, depends_on, in_json, in_text


def _refine_ruby(project: ProjectFiles, plan: Plan) -> Plan:
    has_puma = depends_on(project.text("Gemfile"), "puma")
    if plan.framework == "rails":
        plan = evolve(plan, build="bundle exec rake assets:precompile")
        if has_puma and project.has("config/puma.rb"):
            return evolve(plan, start="bundle exec puma -C config/puma.rb").because("config/puma.rb is there")
        return evolve(plan, start="bundle exec rails server -b 0.0.0.0")
    if project.has("config.ru"):
        server = "bundle exec puma config.ru -p" if has_puma else "bundle exec rackup config.ru -o 0.0.0.0 -p"
        number = plan.port or 9292
        plan = evolve(plan, start=f"{server} {number}", port=number, port_reason=plan.port_reason or "default of Rack")
        return plan.because("config.ru is the entry")
    entry = next(filter(project.has, ("app.rb", "main.rb", "server.rb", "main.rb")), "")
    return evolve(plan, start=f"bundle exec ruby {entry}").because(f"{entry} is the entry") if entry else plan


RUBY = Provider(
    name="ruby",
    language="Ruby",
    marks=("Gemfile",),
    manifests=("Gemfile",),
    pins=(
        in_text(".ruby-version", r"^[ \t]*(?:ruby-)?(\d[\w.-]*)"),
        in_text("Gemfile", r"^[ \t]*ruby[ \t(]+['\"]([^'\"\n]+)['\"]"),
        in_text(".tool-versions", r"^ruby[ \t]+(\S+)"),
    ),
    managers=(Manager(name="bundler", install="bundle install"),),
    frameworks=(
        Framework(name="rails", package="rails", port=3000),
        Framework(name="hanami", package="hanami", port=2300),
        Framework(name="sinatra", package="sinatra", port=4567),
        Framework(name="jekyll", package="jekyll", port=4000, build="bundle exec jekyll build"),
    ),
    port=3000,
    refine=_refine_ruby,
)


def _refine_php(project: ProjectFiles, plan: Plan) -> Plan:
    if project.has("package.json"):
        plan = plan.because("package.json is there too: its assets may have to be built first")
    if project.has("artisan"):
        start = "php artisan serve --host=0.0.0.0 --port=8000"
        plan = evolve(plan, framework="laravel", start=start, port=8000, port_reason="the start command binds it")
        return plan.because("artisan is Laravel's")
    if project.has("wp-config.php") or project.has("wp-config-sample.php"):
        plan = evolve(plan, framework="wordpress").because("wp-config*.php is WordPress's")
    root = "public" if project.has("public/index.php") else "."
    return evolve(plan, start=f"php -S 0.0.0.0:80 -t {root}").because(f"index.php is served from {root}")


PHP = Provider(
    name="php",
    language="PHP",
    marks=("composer.json", "index.php"),
    manifests=("composer.json",),
    pins=(in_json("composer.json", "require", "php"), in_text(".php-version")),
    managers=(
        Manager(name="composer", marks=("composer.json",), install="composer install --no-dev --optimize-autoloader"),
    ),
    frameworks=(
        Framework(name="laravel", package="laravel/framework", port=8000),
        Framework(name="symfony", package="symfony/framework-bundle", port=80),
        Framework(name="slim", package="slim/slim", port=80),
    ),
    port=80,
    refine=_refine_php,
)
