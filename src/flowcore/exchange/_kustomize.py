"""A drawing to a kustomize base: one file per object, with images and namespace where overlays change them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowcore.exchange._files import file_names
from flowcore.exchange._images import Image, containers
from flowcore.kinds import Catalogue, core_catalogue
from flowcore.manifests import to_yaml
from flowcore.model import Manifest, Workflow
from flowcore.planning import plan


def to_kustomize(
    workflow: Workflow,
    *,
    namespace: str = "",
    secret_values: Mapping[str, Mapping[str, str]] | None = None,
    catalogue: Catalogue | None = None,
) -> dict[str, str]:
    """Return a kustomize base as texts by file name; built, it makes what the drawing renders.

    Args:
        workflow: the drawing.
        namespace: for nodes that name none.
        secret_values: values of secret nodes by id and key; without them the secrets have no data.
        catalogue: the kinds; the core's if None.

    Raises:
        InvalidInputError: the drawing has errors; every one is listed.
    """
    planned = plan(workflow, catalogue or core_catalogue(), namespace=namespace, secret_values=secret_values)
    manifests = [step.manifest for step in planned.steps]
    shared = _shared_namespace(manifests)
    names = [f"{name}.yaml" for name in file_names(manifests)]
    kustomization: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
    kustomization |= {"namespace": shared} if shared else {}
    kustomization["resources"] = names
    images = _images(manifests)
    kustomization |= {"images": images} if images else {}
    files = {
        name: to_yaml([_without_namespace(manifest) if shared else manifest])
        for name, manifest in zip(names, manifests, strict=True)
    }
    return {"kustomization.yaml": to_yaml([kustomization]), **files}


def _shared_namespace(manifests: Iterable[Manifest]) -> str:
    """Return the namespace of all objects, empty when they differ: the transformer would move every object there."""
    namespaces = {str(manifest["metadata"].get("namespace", "")) for manifest in manifests}
    return namespaces.pop() if len(namespaces) == 1 else ""


def _without_namespace(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "namespace"}
    return {**manifest, "metadata": metadata}


def _images(manifests: Iterable[Manifest]) -> list[dict[str, str]]:
    """Return the images with their tags; one that occurs with several tags is left out, as kustomize has one each."""
    found: dict[str, set[Image]] = {}
    for manifest in manifests:
        for _, container in containers(manifest):
            image = Image.of(str(container.get("image", "")))
            found.setdefault(image.name, set()).add(image)
    single = {name: next(iter(images)) for name, images in found.items() if len(images) == 1}
    # Kustomize keeps either a tag or a digest, so an image with both stays as it is in its file.
    return [_entry(image) for name, image in sorted(single.items()) if bool(image.tag) != bool(image.digest)]


def _entry(image: Image) -> dict[str, str]:
    return {"name": image.name, **({"newTag": image.tag} if image.tag else {"digest": image.digest})}
