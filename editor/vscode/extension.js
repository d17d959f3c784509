const { workspace } = require('vscode');
const { LanguageClient } = require('vscode-languageclient/node');

let client;

exports.activate = () => {
  const command = workspace.getConfiguration('hvm').get('path', 'hvm');
  const server = { command, args: ['lsp'] };
  client = new LanguageClient('hvm', 'HVM', server, { documentSelector: [{ language: 'hvm' }] });
  return client.start();
};

exports.deactivate = () => client && client.stop();
