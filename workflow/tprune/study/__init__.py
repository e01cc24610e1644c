"""What a table of many models says: operating points, fronts, areas, equal latency, goals."""
