"""Replacing one function of MiniStack by name, loudly when it is gone."""


def function(module, name, make):
    """Sets `module.name = make(original)`; `make` receives what it replaces, to call it or to drop it."""
    original = getattr(module, name)
    if not callable(original):
        raise TypeError(f"{module.__name__}.{name} is not a function any more")
    setattr(module, name, make(original))


def action(table, name, make):
    """The same for a table of handlers by action name; `make` receives None where there was no handler."""
    table[name] = make(table.get(name))
