#ifndef TREE_SITTER_HVM_H
#define TREE_SITTER_HVM_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TSLanguage TSLanguage;

// The language, for ts_parser_set_language.
const TSLanguage *tree_sitter_hvm(void);

#ifdef __cplusplus
}
#endif

#endif
