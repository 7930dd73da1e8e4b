"""The fault matrix: what may die, what then holds, and the tests on real servers that show it."""
