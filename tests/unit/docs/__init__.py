"""Documentation that is tested."""
