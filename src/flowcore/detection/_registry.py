"""The registry of providers: in this order they are asked, and the first that knows the folder builds it."""

from __future__ import annotations

from flowcore.detection._compiled import GO, RUST
from flowcore.detection._jvm_dotnet import CLOJURE, CSHARP, FSHARP, JAVA, SCALA
from flowcore.detection._more_languages import (
    COBOL,
    CRYSTAL,
    DART,
    ELIXIR,
    GLEAM,
    HASKELL,
    SCHEME,
    STATIC,
    SWIFT,
    ZIG,
)
from flowcore.detection._node import DENO, NODE
from flowcore.detection._python import PYTHON
from flowcore.detection._ruby_php import PHP, RUBY

#: The order is that of Nixpacks: where a folder is of two languages, the one that builds the other comes first.
PROVIDERS = (
    CRYSTAL,
    CSHARP,
    DART,
    ELIXIR,
    DENO,
    FSHARP,
    CLOJURE,
    GO,
    HASKELL,
    JAVA,
    SCALA,
    PHP,
    RUBY,
    NODE,
    PYTHON,
    RUST,
    SWIFT,
    STATIC,
    ZIG,
    GLEAM,
    SCHEME,
    COBOL,
)
