autocmd BufRead,BufNewFile *.hvm setfiletype hvm
