"""Result tables: what the stages measured, joined into CSV, Markdown and one HTML page."""
