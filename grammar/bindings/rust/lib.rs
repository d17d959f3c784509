//! The HVM1 core language for tree-sitter: `parser.set_language(&tree_sitter_hvm::LANGUAGE.into())`.

use tree_sitter_language::LanguageFn;

extern "C" {
    fn tree_sitter_hvm() -> *const ();
}

pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_hvm) };

pub const NODE_TYPES: &str = include_str!("../../src/node-types.json");
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
pub const LOCALS_QUERY: &str = include_str!("../../queries/locals.scm");
pub const TAGS_QUERY: &str = include_str!("../../queries/tags.scm");

#[cfg(test)]
mod tests {
    #[test]
    fn there_is_a_language() {
        assert!(!unsafe { super::LANGUAGE.into_raw()() }.is_null());
    }
}
