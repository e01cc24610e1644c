"""From what a user asks for, a speed-up or a quality, to the one model that is given."""
