"""Prices of tokens."""

from msgspec import Struct, structs

from argentos.inputs import as_number

__all__ = ["Prices"]

_MILLION = 1_000_000
_HIGHEST = 1_000_000.0


class Prices(Struct, frozen=True, kw_only=True):
    """The price of a million tokens of each kind, in the currency of your choice.

    Attributes:
        input: sent, and not from the cache.
        output: of replies, thoughts among them.
        cache_read: sent, and read from the cache; by default a tenth of `input`.
        cache_write: sent, and written to the cache; by default 1.25 times `input`.

    Raises:
        InputError: one is none.
    """

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None

    def __post_init__(self) -> None:
        """Check the prices."""
        for name in self.__struct_fields__:
            if (value := getattr(self, name)) is not None:
                structs.force_setattr(self, name, as_number(value, f"the price of {name}", 0.0, _HIGHEST))

    def cost(self, *, new: int, read: int, written: int, output: int) -> float:
        """The price of a reply, from its tokens.

        Args:
            new: sent, and neither read from the cache nor written to it.
            read: from the cache.
            written: to the cache.
            output: of the reply.
        """
        cache_read = self.input / 10 if self.cache_read is None else self.cache_read
        cache_write = self.input * 1.25 if self.cache_write is None else self.cache_write
        return (new * self.input + read * cache_read + written * cache_write + output * self.output) / _MILLION
