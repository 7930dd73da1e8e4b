"""The digital twin: a network of sites on the same engine as the replay."""
