-- What tests/editors.sh runs inside of Neovim: writes 'ok NAME' or 'bad NAME: WHY' for every check to g:report.
local lines = {}

local function check(name, good, got)
  table.insert(lines, good and 'ok ' .. name or ('bad ' .. name .. ': ' .. vim.inspect(got):gsub('\n', ' ')))
end

local function captures(row, column)
  local root = vim.treesitter.get_parser(0, 'hvm'):parse()[1]:root()
  local get = vim.treesitter.query.get or vim.treesitter.query.get_query
  local query, found = get('hvm', 'highlights'), {}
  for id, node in query:iter_captures(root, 0, row, row + 1) do
    local first, start, last, stop = node:range()
    if (first < row or (first == row and start <= column)) and (last > row or (last == row and column < stop)) then
      found = query.captures[id] -- the last one wins
    end
  end
  return found
end

local function capture_is(row, column, wanted)
  local found = captures(row, column)
  check(('capture at %d:%d'):format(row, column), found == wanted, { found, wanted })
end

local function test()
  check('file type', vim.bo.filetype == 'hvm', vim.bo.filetype)
  capture_is(0, 3, 'comment')
  capture_is(2, 1, 'function')
  capture_is(3, 6, 'constructor')
  capture_is(3, 16, 'variable.parameter')
  capture_is(3, 26, 'operator')
  capture_is(3, 31, 'function.call')
  capture_is(7, 3, 'function.builtin')
  capture_is(7, 12, 'string')
  for _, name in ipairs { 'locals', 'folds', 'indents', 'tags', 'injections', 'textobjects' } do
    local get = vim.treesitter.query.get or vim.treesitter.query.get_query
    check('query ' .. name, pcall(get, 'hvm', name))
  end
  vim.wo.foldmethod = 'expr'
  vim.cmd 'normal! zx'
  check('no fold in a line', vim.fn.foldlevel(4) == 0, vim.fn.foldlevel(4))
  check('fold of comments', vim.fn.foldlevel(1) == 1 and vim.fn.foldlevel(2) == 1, vim.fn.foldlevel(1))
  check('fold of a rule', vim.fn.foldlevel(6) > 0 and vim.fn.foldlevel(9) > 0, vim.fn.foldlevel(6))
  vim.cmd '6foldclose!'
  check('the closed rule', vim.fn.foldclosedend(6) == 9, vim.fn.foldclosedend(6))

  local found = vim.wait(10000, function() return #vim.diagnostic.get(0) > 0 end, 20)
  local diagnostic = vim.diagnostic.get(0)[1] or {}
  check('a diagnostic', found and (diagnostic.message or ''):match "unbound variable 'missing'", diagnostic)
  check('its place', diagnostic.lnum == 7 and diagnostic.col == 16, diagnostic)
  vim.api.nvim_win_set_cursor(0, { 4, 31 })
  local answers = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(0, 'utf-16'), 10000)
  local hover
  for _, answer in pairs(answers or {}) do hover = answer.result end
  check('a hover', hover and hover.contents.value:match '2 rules', answers)
  vim.api.nvim_buf_set_text(0, 7, 16, 7, 23, { '3' })
  check('the mistake is mended', vim.wait(10000, function() return #vim.diagnostic.get(0) == 0 end, 20), vim.diagnostic.get(0))
end

local good, why = xpcall(test, debug.traceback)
if not good then check('the test itself', false, why) end
vim.fn.writefile(lines, vim.g.report)
vim.cmd 'qall!'
