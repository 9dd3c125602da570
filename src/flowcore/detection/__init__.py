"""What is in a tree of files: Compose files, and projects that can be built; and where a Git URL points."""

from flowcore.detection._compose_files import find_compose
from flowcore.detection._location import GitLocation, parse_location, split_tail
from flowcore.detection._projects import detect_project, find_projects
from flowcore.detection._refs import check_ref
from flowcore.detection._values import BuildMethod, ComposeCandidate, Detected, Dockerfile

__all__ = [
    "BuildMethod",
    "ComposeCandidate",
    "Detected",
    "Dockerfile",
    "GitLocation",
    "check_ref",
    "detect_project",
    "find_compose",
    "find_projects",
    "parse_location",
    "split_tail",
]
