"""What is known of well-known images: whom they run as."""

from __future__ import annotations

from typing import Any, Final

#: Official images of Docker Hub whose configuration names no user, so that containers start as root.
_ROOT_IMAGES: Final = """
alpine almalinux amazoncorretto amazonlinux archlinux bash busybox buildpack-deps caddy centos couchdb debian
docker drupal eclipse-temurin elixir erlang fedora gcc ghost golang gradle haskell httpd influxdb joomla julia
mariadb matomo maven mediawiki mongo mongo-express mysql nats nextcloud nginx node openjdk oraclelinux
percona perl phpmyadmin php postgres python r-base rabbitmq redis redmine registry rethinkdb rockylinux ruby rust
telegraf tomcat traefik ubuntu valkey wordpress zookeeper
"""
_ROOT: Final = frozenset(_ROOT_IMAGES.split())
_PREFIXES: Final = ("docker.io/library/", "index.docker.io/library/", "library/", "docker.io/")


def starts_as_root(image: Any) -> bool:
    """Say whether an image is known to start as root; unknown images are not."""
    if not isinstance(image, str):
        return False
    name = image.partition("@")[0]
    prefix = next((one for one in _PREFIXES if name.startswith(one)), "")
    return name[len(prefix) :].partition(":")[0] in _ROOT
