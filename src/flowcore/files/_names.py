"""Names of files that mean something by themselves."""

#: Names that Compose looks for in a folder, in its order: the first wins.
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
#: Names that Compose reads on top of the first file, in its order: the first wins.
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
