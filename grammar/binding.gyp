{
  "targets": [
    {
      "target_name": "tree_sitter_hvm_binding",
      "include_dirs": ["src"],
      "sources": ["bindings/node/binding.c", "src/parser.c", "src/scanner.c"],
      "defines": ["NAPI_VERSION=8"],
      "cflags_c": ["-std=c11"],
    }
  ]
}
