import System.Environment
data Term = Var Int | Lam Term | App Term Term | Num Int | Less Term Term | Add Term Term | Sub Term Term
  | If Term Term Term | Fix Term
data Value = Val Int | Clo Term [Value] | Again Term [Value]
eval :: Term -> [Value] -> Value
eval (Var n) env = look n env
eval (Lam b) env = Clo b env
eval (App f a) env = apply (eval f env) (eval a env)
eval (Num n) _ = Val n
eval (Less a b) env = isLess (eval a env) (eval b env)
eval (Add a b) env = plus (eval a env) (eval b env)
eval (Sub a b) env = difference (eval a env) (eval b env)
eval (If c t e) env = choose (eval c env) t e env
eval (Fix f) env = unroll (eval f env) f env
unroll :: Value -> Term -> [Value] -> Value
unroll (Clo b e) f env = eval b (Again f env : e)
unroll _ _ _ = error "recursion"
look :: Int -> [Value] -> Value
look 0 (v:_) = value v
look n (_:r) = look (n - 1) r
look _ [] = error "variable"
value :: Value -> Value
value (Again f env) = unroll (eval f env) f env
value (Val n) = Val n
value (Clo b e) = Clo b e
apply :: Value -> Value -> Value
apply (Clo b e) v = eval b (v : e)
apply _ _ = error "application"
isLess, plus, difference :: Value -> Value -> Value
isLess (Val a) (Val b) = Val (if a < b then 1 else 0)
isLess _ _ = error "number"
plus (Val a) (Val b) = Val (a + b)
plus _ _ = error "number"
difference (Val a) (Val b) = Val (a - b)
difference _ _ = error "number"
choose :: Value -> Term -> Term -> [Value] -> Value
choose (Val 0) _ e env = eval e env
choose (Val _) t _ env = eval t env
choose _ _ _ _ = error "number"
number :: Value -> Int
number (Val n) = n
number _ = error "number"
fib :: Term
fib = Fix (Lam (Lam (If (Less (Var 0) (Num 2)) (Var 0)
  (Add (App (Var 1) (Sub (Var 0) (Num 1))) (App (Var 1) (Sub (Var 0) (Num 2)))))))
main = do { [s] <- getArgs; print (number (eval (App fib (Num (read s))) [])) }
