{-# LANGUAGE BangPatterns #-}
import System.Environment
gcd' :: Int -> Int -> Int
gcd' a 0 = a
gcd' a b = gcd' b (a `rem` b)
rows :: Int -> Int -> Int -> Int
rows 0 _ !s = s
rows i n !s = rows (i - 1) n (s + cols n i 0)
cols :: Int -> Int -> Int -> Int
cols 0 _ !s = s
cols j i !s = cols (j - 1) i (s + gcd' i j)
main = do { [s] <- getArgs; let { n = read s }; print (rows n n 0) }
