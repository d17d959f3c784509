-- The language hvm in Neovim 0.7 and later: the language server, and, where parser/hvm.so is on the runtime path, colours
-- and folds by tree-sitter. vim.g.hvm_command names another command than { 'hvm', 'lsp' }.
local M = {}

local function has_parser()
  if vim.treesitter.language and vim.treesitter.language.add then
    local good, added = pcall(vim.treesitter.language.add, 'hvm')
    return good and added ~= nil
  end
  return pcall(vim.treesitter.require_language, 'hvm')
end

local function query(name)
  local get = vim.treesitter.query.get or vim.treesitter.query.get_query
  return get('hvm', name)
end

-- For Neovim before 0.9, which has no vim.treesitter.foldexpr.
local folds = {}

local function levels(buffer)
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local known = folds[buffer]
  if known and known.tick == tick then return known end
  known = { tick = tick, opening = {}, closing = {} }
  folds[buffer] = known
  local root = vim.treesitter.get_parser(buffer, 'hvm'):parse()[1]:root()
  local seen = {}
  for _, node in query('folds'):iter_captures(root, buffer, 0, -1) do
    local first, _, last = node:range()
    if last > first and not seen[first .. ' ' .. last] then
      seen[first .. ' ' .. last] = true
      known.opening[first] = (known.opening[first] or 0) + 1
      known.closing[last] = (known.closing[last] or 0) + 1
    end
  end
  local depth = 0
  known.level = {}
  for line = 0, vim.api.nvim_buf_line_count(buffer) - 1 do
    depth = depth + (known.opening[line] or 0)
    known.level[line] = (known.opening[line] and '>' or '') .. depth
    depth = depth - (known.closing[line] or 0)
  end
  return known
end

function M.foldexpr(line)
  return levels(vim.api.nvim_get_current_buf()).level[line - 1] or 0
end

local client

function M.attach()
  local buffer = vim.api.nvim_get_current_buf()
  if has_parser() then
    if vim.treesitter.start then vim.treesitter.start(buffer, 'hvm') end
    vim.wo.foldexpr = vim.treesitter.foldexpr and 'v:lua.vim.treesitter.foldexpr()' or "v:lua.require'hvm'.foldexpr(v:lnum)"
  end
  local config = { name = 'hvm', cmd = vim.g.hvm_command or { 'hvm', 'lsp' }, root_dir = vim.fn.expand('%:p:h') }
  if vim.fn.executable(config.cmd[1]) ~= 1 then return end
  if vim.lsp.start then
    vim.lsp.start(config)
  else
    client = client and vim.lsp.get_client_by_id(client) and client or vim.lsp.start_client(config)
    vim.lsp.buf_attach_client(buffer, client)
  end
end

return M
