;;; emacs.el --- What tests/editors.sh runs inside of Emacs  -*- lexical-binding: t; -*-

(defun hvm-test-check (name good got)
  (princ (if good (format "ok %s\n" name) (format "bad %s: %S\n" name got))))

(defun hvm-test-face (text offset)
  "The face OFFSET characters behind the beginning of TEXT."
  (save-excursion
    (goto-char (point-min))
    (search-forward text)
    (get-text-property (+ (match-beginning 0) offset) 'face)))

(defun hvm-test-face-is (text offset wanted)
  (let ((found (hvm-test-face text offset)))
    (hvm-test-check (format "face of %s" text) (eq found wanted) found)))

(defun hvm-test-indented (text)
  (with-temp-buffer
    (insert text)
    (hvm-mode)
    (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
    (buffer-string)))

(defun hvm-test ()
  (hvm-test-check "mode" (eq major-mode 'hvm-mode) major-mode)
  (font-lock-ensure)
  (hvm-test-face-is "// adds" 3 'font-lock-comment-face)
  (hvm-test-face-is "(Sum []" 1 'font-lock-function-name-face)
  (hvm-test-face-is "(List.cons" 1 'font-lock-type-face)
  (hvm-test-face-is "(HVM.log" 1 'font-lock-builtin-face)
  (hvm-test-face-is "\"λ\"" 1 'font-lock-string-face)
  (hvm-test-face-is "= 0" 2 'font-lock-constant-face)
  (hvm-test-check "index" (equal (mapcar #'car (cdr (imenu--make-index-alist t))) '("Sum" "Sum" "Main"))
                  (imenu--make-index-alist t))
  (let ((text (hvm-test-indented "(F x) =\n(G '\"'\nx)\n\nMain = [\n1\n]\n")))
    (hvm-test-check "indentation" (equal text "(F x) =\n  (G '\"'\n    x)\n\nMain = [\n  1\n]\n") text))
  (with-temp-buffer
    (insert "A = (F '\"' // c\n \"s // t\")")
    (hvm-mode)
    (font-lock-ensure)
    (hvm-test-face-is "// c" 3 'font-lock-comment-face)
    (hvm-test-face-is "s // t" 5 'font-lock-string-face)))
