"""From a source of parallel text to what fairseq trains on: split, checks, subwords, binary files."""
