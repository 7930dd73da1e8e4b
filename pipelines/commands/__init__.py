"""One file a group of commands; pipelines.cli joins them."""
