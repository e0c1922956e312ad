"""Data classes that never change, as cheap as those that may."""

from dataclasses import dataclass, field
from typing import dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def record[T](cls: type[T]) -> type[T]:
    """Make a class whose instances are compared by their fields and never change.

    The type checker refuses to assign a field, as for a frozen data class. Nothing refuses it at
    run time: that would make each instance two to five times as expensive, and a push makes dozens.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
