{-# LANGUAGE BangPatterns #-}
import System.Environment
data Instruction = Push Int | Load Int | Store Int | Plus | Minus | Times | Rest
  | While [Instruction] [Instruction] | Test [Instruction] [Instruction]
run :: [Instruction] -> [[Instruction]] -> [Int] -> [Int] -> [Int]
run [] [] _ vs = vs
run [] (is:k) st vs = run is k st vs
run (i:is) k st vs = step i is k st vs
step :: Instruction -> [Instruction] -> [[Instruction]] -> [Int] -> [Int] -> [Int]
step (Push n) is k st vs = run is k (n : st) vs
step (Load i) is k st vs = runWith (get i vs) is k st vs
step (Store i) is k (x:st) vs = run is k st (set i x vs)
step Plus is k (y:x:st) vs = runWith (x + y) is k st vs
step Minus is k (y:x:st) vs = runWith (x - y) is k st vs
step Times is k (y:x:st) vs = runWith (x * y) is k st vs
step Rest is k (y:x:st) vs = runWith (x `rem` y) is k st vs
step (While c b) is k st vs = run c ((Test c b : is) : k) st vs
step (Test c b) is k (x:st) vs = if x == 0 then run is k st vs else run b ((While c b : is) : k) st vs
step _ _ _ _ _ = error "stack"
runWith :: Int -> [Instruction] -> [[Instruction]] -> [Int] -> [Int] -> [Int]
runWith !x is k st vs = run is k (x : st) vs
get :: Int -> [Int] -> Int
get 0 (x:_) = x
get i (_:xs) = get (i - 1) xs
get _ [] = error "variable"
set :: Int -> Int -> [Int] -> [Int]
set 0 y (_:xs) = y : xs
set i y (x:xs) = x : set (i - 1) y xs
set _ _ [] = error "variable"
inner, outer, program :: [Instruction]
inner = [Load 3, Load 1, Plus, Store 3, Load 2, Push 1, Minus, Store 2]
outer = [Load 1, Push 3, Times, Load 0, Plus, Push 65537, Rest, Store 1,
  Load 0, Push 5, Rest, Store 2, While [Load 2] inner,
  Load 0, Push 1, Minus, Store 0]
program = [While [Load 0] outer]
main = do { [s] <- getArgs; print (get 3 (run program [] [] [read s, 1, 0, 0])) }
