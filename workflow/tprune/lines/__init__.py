"""Lines of weight matrices: the blocks they form, the sets they live or die in, and which are kept."""
