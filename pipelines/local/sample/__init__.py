"""The sample ERP: a catalogue, its demand, and the books that a plausible incumbent rule leaves behind."""
