"""The HVM1 core language for tree-sitter: tree_sitter.Language(tree_sitter_hvm.language())."""

from ._binding import language

__all__ = ["language"]
