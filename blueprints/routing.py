"""Registers addresses quickly: a function that builds an address is compiled when it is first called."""

from collections.abc import Callable
from typing import Any

from werkzeug import routing

Built = tuple[str, str]                 # the host's part and the path


class Rule(routing.Rule):
    """A rule of Werkzeug, whose builders are compiled late.

    Werkzeug compiles two for each of the six hundred rules, a third of a second at the start of every program, and
    most are never called.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Built]:
        compiled = super()._compile_builder

        def build(rule: Rule, /, **values: Any) -> Built:
            made = compiled(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", made)
            return made(**values)       # type: ignore[no-any-return]

        return build
