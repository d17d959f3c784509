//! Starts `hvm lsp`, which must be on the path.

use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Hvm;

impl zed::Extension for Hvm {
    fn new() -> Self {
        Hvm
    }

    fn language_server_command(&mut self, _: &LanguageServerId, worktree: &Worktree) -> Result<Command> {
        let command = worktree.which("hvm").ok_or("hvm is not on the path")?;
        Ok(Command { command, args: vec!["lsp".into()], env: worktree.shell_env() })
    }
}

zed::register_extension!(Hvm);
