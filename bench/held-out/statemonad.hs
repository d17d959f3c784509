{-# LANGUAGE BangPatterns #-}
import Data.Bits
import System.Environment
type State a = Int -> (a, Int)
pure' :: a -> State a
pure' a = \s -> (a, s)
bind :: State a -> (a -> State b) -> State b
bind m f = \s -> case m s of (a, s') -> f a s'
draw :: State Int
draw = \s -> let s' = (s * 1103515245 + 12345) `rem` 2147483648 in s' `seq` (unsafeShiftR s' 8, s')
count :: Int -> Int -> State Int
count 0 !acc = pure' acc
count n !acc = bind draw (\x -> count (n - 1) (acc + (if x `rem` 7 == 3 then 1 else 0)))
main = do { [n] <- getArgs; case count (read n) 0 42 of (a, s) -> print (a + s `rem` 1000) }
