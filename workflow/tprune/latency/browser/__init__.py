"""The device kind "browser": a page that a phone or laptop opens, its server and what it opens it with."""
