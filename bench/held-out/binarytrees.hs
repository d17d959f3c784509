{-# LANGUAGE BangPatterns #-}
import System.Environment
import Data.Bits
data Tree = Leaf | Node Tree Tree
make :: Int -> Tree
make 0 = Node Leaf Leaf
make d = Node (make (d - 1)) (make (d - 1))
check :: Tree -> Int
check Leaf = 1
check (Node l r) = 1 + (check l + check r)
depths :: Int -> Int -> Int -> Int
depths d n !h = if d > n then h else depths (d + 2) n ((h * 31 + trees (1 `unsafeShiftL` (n - d)) d 0) `rem` 1000000007)
trees :: Int -> Int -> Int -> Int
trees 0 _ !s = s
trees i d !s = trees (i - 1) d (s + check (make d))
run :: Tree -> Int -> Int
run long n = depths 4 n 0 + check long
main = do { [s] <- getArgs; let { n = read s }; print (run (make n) n) }
