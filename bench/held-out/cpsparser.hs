{-# LANGUAGE BangPatterns #-}
import Data.Bits
import System.Environment
text :: Int -> Int -> [Int]
text 0 _ = [49]
text n s = (48 + s `rem` 10) : (if unsafeShiftR s 4 .&. 1 == 0 then 43 else 42) : text (n - 1) ((s * 1103515245 + 12345) `rem` 2147483648)
digit :: [Int] -> (Int -> [Int] -> r) -> (Int -> r) -> r
digit [] _ no = no 0
digit (c:cs) ok no = if c >= 48 && c <= 57 then ok (c - 48) cs else no c
product' :: [Int] -> (Int -> [Int] -> r) -> (Int -> r) -> r
product' cs ok no = digit cs (\v r -> productMore v r ok no) no
productMore :: Int -> [Int] -> (Int -> [Int] -> r) -> (Int -> r) -> r
productMore v [] ok _ = ok v []
productMore v (c:cs) ok no = if c == 42 then digit cs (\w r -> productMore ((v * (w + 1)) `rem` 65537) r ok no) no else ok v (c:cs)
sum' :: Int -> [Int] -> (Int -> r) -> (Int -> r) -> r
sum' a cs ok no = product' cs (\v r -> sumMore (a + v) r ok no) no
sumMore :: Int -> [Int] -> (Int -> r) -> (Int -> r) -> r
sumMore a [] ok _ = ok a
sumMore a (c:cs) ok no = if c == 43 then sum' a cs ok no else no 1
loop :: Int -> Int -> Int
loop 0 !t = t
loop n !t = loop (n - 1) ((t * 31 + sum' 0 (text 200 n) id (\e -> e + 1000000)) `rem` 1000003)
main = do { [s] <- getArgs; print (loop (read s) 0) }
