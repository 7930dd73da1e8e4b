"""One seed sequence keyed by run, SKU and replication, so that chunking and thread count change nothing."""

import zlib

import numpy as np


def seed_sequence(seed: int, *keys: str | int) -> np.random.SeedSequence:
    """Seed sequence of a named part of the work.

    Args:
        seed: the run's root seed.
        keys: what the stream is for, e.g. ``"replay", item_id, location_id, replication``.

    Returns:
        A sequence that depends on nothing but its arguments.

    >>> int(seed_sequence(42, "sku", 1).generate_state(1)[0]) == int(seed_sequence(42, "sku", 1).generate_state(1)[0])
    True
    """
    return np.random.SeedSequence([seed, *(zlib.crc32(str(key).encode()) for key in keys)])


def generator(seed: int, *keys: str | int) -> np.random.Generator:
    """Random generator of a named part of the work; see :func:`seed_sequence`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, *keys)))
