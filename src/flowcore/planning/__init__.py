"""From a drawing to ordered waves of manifests, and from desired and live objects to what must be done."""
