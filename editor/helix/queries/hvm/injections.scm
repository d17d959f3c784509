; Made by editor/generate.py from grammar/queries/injections.scm.

((comment) @injection.content
  (#set! injection.language "comment"))
