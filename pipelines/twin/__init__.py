"""The digital twin: a network of sites on the same engine as the replay.

Importing it registers the Gymnasium environment ``stockproof/Twin-v0``; :func:`parallel_env` makes PettingZoo's.
"""

from typing import TYPE_CHECKING, Any

import gymnasium

if TYPE_CHECKING:
    from pipelines.twin.agents import TwinParallelEnv

gymnasium.register(
    id="stockproof/Twin-v0",
    entry_point="pipelines.twin.environment:TwinEnv",
    vector_entry_point="pipelines.twin.environment:TwinVectorEnv",
)


def parallel_env(**options: Any) -> "TwinParallelEnv":
    """PettingZoo's environment, one agent a site; options are those of ``TwinParallelEnv``."""
    from pipelines.twin.agents import TwinParallelEnv

    return TwinParallelEnv(**options)
