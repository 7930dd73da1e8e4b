"""The advisor: a language model that reviews the exceptions of a day, within hard limits."""
