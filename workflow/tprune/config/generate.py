"""Write config.yaml, config.schema.json and the tables of README.md: `python -m tprune.config.generate`."""

import sys
from pathlib import Path

from tprune.atomic import write_text
from tprune.config.document import default_yaml, key_tables, schema_json


def generated(folder: Path) -> dict[Path, str]:
    """Text of each generated file in the configuration's `folder`; what people wrote in README.md is kept."""
    readme = folder / "README.md"
    return {
        folder / "config.yaml": default_yaml(),
        folder / "config.schema.json": schema_json(),
        readme: key_tables(readme.read_text(encoding="utf-8")),
    }


def main(folder: str = "config") -> None:
    """Write the generated files of `folder`."""
    for path, text in generated(Path(folder)).items():
        write_text(path, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
