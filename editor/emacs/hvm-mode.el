;;; hvm-mode.el --- Major mode for programs of the HVM1 core language  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "27.1"))
;; License: MIT

;;; Commentary:

;; Colours, indentation and an index of the rules, and `hvm lsp' for Eglot or lsp-mode.  In Emacs 29 and later
;; `hvm-ts-mode' takes its colours from the tree-sitter grammar, if that is installed.

;;; Code:

(defgroup hvm nil "Programs of the HVM1 core language." :group 'languages)

(defcustom hvm-command '("hvm" "lsp")
  "The command that starts the language server."
  :type '(repeat string))

(defvar hvm-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?` "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?. "_" table)
    (modify-syntax-entry ?$ "_" table)
    (modify-syntax-entry ?λ "." table)
    (dolist (operator '(?+ ?- ?* ?% ?& ?| ?^ ?< ?> ?= ?!))
      (modify-syntax-entry operator "." table))
    table)
  "Syntax of `hvm-mode'.")

(defconst hvm-character "'\\(?:\\\\u{[^}\n]*}\\|\\\\.\\|[^\\'\n]\\)'"
  "A character between quotes.")

(defconst hvm-font-lock-keywords
  `((,hvm-character . font-lock-string-face)
    (,(regexp-opt '("let" "dup" "ask" "if" "else") 'symbols) . font-lock-keyword-face)
    ("[λ@]" . font-lock-keyword-face)
    ("\\_<\\(?:HVM\\|U60\\)\\.[[:alnum:]_.$]+" . font-lock-builtin-face)
    ("^(?\\([[:upper:]][[:alnum:]_.$]*\\)\\(?:[^\n=]*\\)=\\(?:[^=]\\|$\\)" 1 font-lock-function-name-face)
    ("\\_<[[:upper:]][[:alnum:]_.$]*" . font-lock-type-face)
    ("%[[:alnum:]_.$]+" . font-lock-constant-face)
    ("\\_<[0-9][[:alnum:]_.]*" . font-lock-constant-face)
    ("[λ@]\\s-*\\([[:lower:]_$][[:alnum:]_$.]*\\)" 1 font-lock-variable-name-face)
    ("\\_<\\(?:let\\|dup\\|ask\\)\\s-+\\([[:lower:]_$][[:alnum:]_$.]*\\)\\(?:\\s-+\\([[:lower:]_$][[:alnum:]_$.]*\\)\\)?\\s-*="
     (1 font-lock-variable-name-face) (2 font-lock-variable-name-face nil t)))
  "Colours of `hvm-mode'.")

(defun hvm-syntax-propertize (start end)
  "Let the quotes of characters between START and END begin no strings."
  (goto-char start)
  (while (re-search-forward hvm-character end t)
    (let ((first (match-beginning 0)) (last (match-end 0)))
      (unless (save-excursion (nth 8 (syntax-ppss first)))
        (put-text-property (1+ first) (1- last) 'syntax-table '(1))))))

(defun hvm-indent-line ()
  "Indent the line by the brackets around it.
A line without any is a rule, or the body of one."
  (interactive)
  (let* ((column (save-excursion
                   (back-to-indentation)
                   (let* ((state (syntax-ppss)) (opening (nth 1 state)))
                     (cond ((nth 3 state) nil)
                           (opening
                            (let ((base (save-excursion (goto-char opening) (current-indentation))))
                              (if (looking-at "[])}]") base (+ base 2))))
                           ((save-excursion
                              (skip-chars-backward " \t\n")
                              (eq (char-before) ?=))
                            2)
                           ((looking-at "(?[[:upper:]/]") 0)
                           (t (current-indentation)))))))
    (when column
      (if (<= (current-column) (current-indentation))
          (indent-line-to column)
        (save-excursion (indent-line-to column))))))

(defvar hvm-imenu-generic-expression
  '((nil "^(?\\([[:upper:]][[:alnum:]_.$]*\\)[^\n=]*=" 1))
  "Rules, for `imenu'.")

(defun hvm-format-buffer ()
  "Write the buffer in the one style, by `hvm fmt'."
  (interactive)
  (let ((output (generate-new-buffer " *hvm fmt*")) (place (point)))
    (unwind-protect
        (if (zerop (call-process-region nil nil (car hvm-command) nil (list output nil) nil "fmt" "-"))
            (progn (replace-buffer-contents output) (goto-char (min place (point-max))))
          (message "hvm fmt: this text has errors"))
      (kill-buffer output))))

(defvar hvm-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-f") #'hvm-format-buffer)
    map)
  "Keys of `hvm-mode'.")

(defun hvm--setup ()
  "What both modes share."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "//+\\s-*")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'hvm-indent-line)
  (setq-local syntax-propertize-function #'hvm-syntax-propertize)
  (setq-local imenu-generic-expression hvm-imenu-generic-expression))

;;;###autoload
(define-derived-mode hvm-mode prog-mode "HVM"
  "Major mode for programs of the HVM1 core language."
  (hvm--setup)
  (setq-local font-lock-defaults '(hvm-font-lock-keywords)))

(declare-function treesit-ready-p "ext:treesit.c")
(declare-function treesit-parser-create "ext:treesit.c")
(declare-function treesit-major-mode-setup "ext:treesit.c")
(declare-function treesit-font-lock-rules "ext:treesit.c")
(defvar treesit-font-lock-settings)
(defvar treesit-font-lock-feature-list)

(defun hvm--treesit-rules ()
  "The colours of grammar/queries/highlights.scm, with the faces of Emacs."
  (treesit-font-lock-rules
   :language 'hvm :feature 'comment '((comment) @font-lock-comment-face)
   :language 'hvm :feature 'definition
   '((rule lhs: (constructor name: (name) @font-lock-function-name-face))
     (_ parameter: (variable) @font-lock-variable-name-face)
     (lambda binder: (variable) @font-lock-variable-name-face)
     (let name: (variable) @font-lock-variable-name-face)
     (ask name: (variable) @font-lock-variable-name-face)
     (duplication first: (variable) @font-lock-variable-name-face second: (variable) @font-lock-variable-name-face))
   :language 'hvm :feature 'keyword '(["let" "dup" "ask" "if" "else" "λ" "@"] @font-lock-keyword-face)
   :language 'hvm :feature 'string '([(string) (character)] @font-lock-string-face)
   :language 'hvm :feature 'literal '([(integer) (float) (symbol)] @font-lock-constant-face)
   :language 'hvm :feature 'builtin
   '(((constructor name: (name) @font-lock-builtin-face) (:match "\\`\\(?:HVM\\|U60\\)\\." @font-lock-builtin-face)))
   :language 'hvm :feature 'name '((constructor name: (name) @font-lock-type-face))))

;;;###autoload
(define-derived-mode hvm-ts-mode prog-mode "HVM"
  "Major mode for HVM1 programs, with the colours of tree-sitter."
  :syntax-table hvm-mode-syntax-table
  (hvm--setup)
  (when (and (fboundp 'treesit-ready-p) (treesit-ready-p 'hvm))
    (treesit-parser-create 'hvm)
    (setq-local treesit-font-lock-settings (hvm--treesit-rules))
    (setq-local treesit-font-lock-feature-list '((comment definition) (keyword string) (literal builtin name)))
    (treesit-major-mode-setup)))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.hvm\\'" . hvm-mode))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs `((hvm-mode hvm-ts-mode) . ,hvm-command)))

(provide 'hvm-mode)
;;; hvm-mode.el ends here
