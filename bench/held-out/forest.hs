{-# LANGUAGE BangPatterns #-}
import Data.Bits
import System.Environment
double :: (Int -> Int) -> (Int -> Int)
double f = \x -> f (f x)
power :: Int -> (Int -> Int) -> (Int -> Int)
power 0 f = f
power n f = double (power (n - 1) f)
leaf :: Int -> Int
leaf i = power 14 (\x -> (x * 3 + i) .&. 0xFFFFFF) 0
tree :: Int -> Int -> Int
tree 0 i = leaf i
tree d i = tree (d - 1) (i * 2) + tree (d - 1) (i * 2 + 1)
main = do { [s] <- getArgs; print (tree (read s) 1) }
