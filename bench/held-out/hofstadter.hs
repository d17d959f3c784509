{-# LANGUAGE BangPatterns #-}
import System.Environment
female, male :: Int -> Int
female 0 = 1
female n = n - male (female (n - 1))
male 0 = 0
male n = n - female (male (n - 1))
total :: Int -> Int -> Int
total 0 !s = s
total n !s = total (n - 1) (s + female n * male n)
main = do { [s] <- getArgs; print (total (read s) 0) }
