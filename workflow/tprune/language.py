"""Codes of languages."""


def base_language(code: str) -> str:
    """The language of a code without its script or region: zh for zh_CN and zh-TW."""
    return code.replace("_", "-").partition("-")[0]
